"""The oracle of the promises: the ten rules of docs/ingest.md over plain dicts alone.

Orders are its own small numbers; pictures are named by keys that stand for their bytes."""

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

MOST = 0.10


@dataclass(frozen=True)
class Content:
    """What a change says: title and pictures as (path, key); a key of 0 could not be read."""

    title: str = ""
    pictures: tuple[tuple[str, int], ...] = ()
    deleted: bool = False

    @property
    def readable(self) -> tuple[tuple[str, int], ...]:
        return tuple(p for p in self.pictures if p[1])


GONE = Content(deleted=True)


@dataclass(frozen=True)
class Row:
    """A row of a feed, with its pictures as they are when it is read; ``bad`` is no product."""

    id: str
    version: int | None
    content: Content
    bad: bool = False


@dataclass(frozen=True)
class Known:
    """What the ledger should know of a product's last change.

    ``away``: paths that were readable at acceptance and are not in the index. ``risky``: paths
    whose file was another one at some time since. ``space``: whose content it is, where it is
    known from the index alone; ``seen``: the pictures that it showed then. ``unchecked``: it was
    written, and the node was not read since.
    """

    order: int
    version: int | None
    amended: bool
    content: Content
    pending: bool = True
    recorded: bool = True
    away: frozenset[str] = frozenset()
    risky: frozenset[str] = frozenset()
    space: str = ""
    unchecked: bool = False
    seen: tuple[tuple[str, int], ...] = ()

    @property
    def guarded(self) -> Content:  # what the picture guard keeps
        return self.content if self.recorded else replace(self.content, pictures=self.seen)


@dataclass(frozen=True)
class Document:
    """What an index should hold: made from ``content``; ``title`` and ``pictures`` are seen.

    ``foreign``: another hand changed it; without an order another hand wrote all of it.
    """

    order: int
    version: int | None
    content: Content
    title: str
    pictures: tuple[tuple[str, int], ...]
    foreign: bool = False

    @property
    def visible_state(self) -> tuple[object, ...]:
        if self.content.deleted:
            return (True, self.version)
        return (False, self.version, self.title, frozenset(self.pictures))


@dataclass
class Taken:
    """What became of a feed by the rules."""

    verdicts: list[str] = field(default_factory=list)
    deleted: int = 0
    refused: bool = False
    noticed: bool = False
    amended: bool = False


@dataclass
class Books:
    """What is lost or put back with the ledger's file."""

    known: dict[str, Known] = field(default_factory=dict)
    target: str = ""


class Oracle:
    """The model: the ledger's knowledge, and the documents of every index."""

    def __init__(self, index: str, space: str) -> None:
        self.books = Books()
        self.indices: dict[str, dict[str, Document]] = {index: {}}
        self.spaces = {index: space}
        self.live = index
        self.embedded: set[int] = set()
        self.replaced: set[str] = set()
        self.history: dict[str, list[Known]] = {}
        self._order = 0

    def lose_ledger(self) -> None:
        self.books = Books()

    def copied(self) -> Books:
        return copy.deepcopy(self.books)

    def put_back(self, books: Books) -> None:
        self.books = copy.deepcopy(books)
        for known in self.books.known.values():
            for path, _ in known.content.pictures:
                self.file_changed(path)

    def file_changed(self, path: str) -> None:
        """Note that a picture's file is another one: what waits for it may not find it."""
        for i, known in self.books.known.items():
            if known.pending and any(p == path for p, _ in known.content.pictures):
                self.books.known[i] = replace(known, risky=known.risky | {path})

    # The rules

    def take(self, product_id: str, version: int | None, content: Content) -> str:
        """Apply rules 1 to 6 to one change; return ``send``, ``unchanged`` or ``superseded``."""
        known = self.books.known.get(product_id)
        if known is None:  # 1
            return self._put(product_id, version, False, content)
        same = self._same(known, content)
        if version is not None and known.version is not None:
            if version < known.version:  # 2
                return "superseded"
            deleted = known.content.deleted and not content.deleted
            if version == known.version and not same and (known.amended or deleted):  # 4, 5
                return "amended"
        if known.version is None:  # 6
            kept, amended = version, False
        elif version is None:  # 5
            kept, amended = known.version, known.amended or not same
        elif version > known.version:  # 3
            kept, amended = version, False
        else:
            kept, amended = known.version, known.amended
        if not same or known.away:
            return self._put(product_id, kept, amended, content)
        raised = replace(known, version=kept, amended=amended, recorded=True)
        self._remember(product_id, raised)
        return "again" if known.pending else "unchanged"

    def _same(self, known: Known, content: Content) -> bool:
        ours = known.recorded or known.space == self.spaces[self.live]
        return ours and known.content == content

    def _put(self, product_id: str, version: int | None, amended: bool, content: Content) -> str:
        self._order += 1
        self._remember(product_id, Known(self._order, version, amended, content))
        return "send"

    def _remember(self, product_id: str, known: Known) -> None:
        self.books.known[product_id] = known
        self.history.setdefault(product_id, []).append(known)

    def notice(self) -> bool:
        """Rules 9 and 10: take over what only the index knows; send again what differs there."""
        books, documents = self.books, self.indices[self.live]
        newer = [
            i for i, d in documents.items()
            if d.order and (i not in books.known or books.known[i].order < d.order)
        ]  # fmt: skip
        moved = books.target != self.live and bool(books.known)
        if newer or moved:
            self.repair()
        return bool(newer or moved)

    def repair(self) -> int:
        """Do what a reconcile is to do, up to the sending; return how many were taken over."""
        known, documents = self.books.known, self.indices[self.live]
        adopted = 0
        for i, d in documents.items():
            if d.order and (i not in known or known[i].order < d.order):
                known[i] = Known(
                    d.order, d.version, False, d.content, pending=False,
                    recorded=d.content.deleted, space="" if d.foreign else self.spaces[self.live],
                    seen=tuple(p for p in d.content.readable if p in d.pictures),
                )  # fmt: skip
                adopted += 1
        for i, one in list(known.items()):
            waits = one.pending and self.books.target != self.live
            lacks = not one.pending and not self._holds(one, documents.get(i))
            if one.recorded and (waits or lacks):
                self._order += 1
                self._remember(i, replace(one, order=self._order, pending=True, away=frozenset()))
        return adopted

    @staticmethod
    def _holds(known: Known, document: Document | None) -> bool:
        if document is None or document.foreign or known.away:
            return False
        return document.content == known.content

    def unrecorded(self) -> int:
        """How many are known from the index alone and are not in it as they are known."""
        documents, space = self.indices[self.live], self.spaces[self.live]
        return sum(
            not k.recorded and (k.space != space or not self._holds(k, documents.get(i)))
            for i, k in self.books.known.items()
        )

    # A feed

    def ingest(
        self,
        rows: Sequence[Row],
        *,
        full: bool,
        yes: bool,
        only: tuple[int, frozenset[str], frozenset[str]] | None = None,
    ) -> Taken:
        """Take a feed in; ``only``: it was killed after so many rows, deletions and releases."""
        taken = Taken()
        before = {i: k for i, k in self.books.known.items() if not k.content.deleted}
        pictures = sum(len(k.guarded.readable) for k in before.values())
        held: dict[str, Row] = {}
        good = [r for r in rows if not r.bad]
        for row in good if only is None else good[: only[0]]:
            content, alive = row.content, self._alive(row.id)
            if not yes and pictures and (known := before.get(row.id)):
                content = self._guarded(known.guarded, content)
            verdict = self.take(row.id, row.version, content)
            taken.verdicts.append(verdict)
            if verdict in ("superseded", "amended"):
                taken.amended |= verdict == "amended"
                continue
            taken.deleted += verdict == "send" and content.deleted and alive
            held.pop(row.id, None)
            if content != row.content:
                held[row.id] = row
            lost = sum(self._lost(before[i].guarded, r.content) for i, r in held.items())
            taken.refused |= lost > MOST * pictures
        too_many = taken.refused
        if full:
            absent = sorted(
                i for i, k in self.books.known.items()
                if not k.content.deleted and i not in {r.id for r in rows}
            )  # fmt: skip
            if absent and not yes and len(absent) > MOST * len(before):
                taken.refused, absent = True, []
            for i in absent if only is None else [i for i in absent if i in only[1]]:
                self.take(i, None, GONE)
                taken.deleted += 1
        for row in held.values() if not too_many else ():
            if only is None or row.id in only[2]:
                taken.amended |= self.take(row.id, row.version, row.content) == "amended"
        return taken

    def _alive(self, product_id: str) -> bool:
        known = self.books.known.get(product_id)
        return known is not None and not known.content.deleted

    @staticmethod
    def _lost(before: Content, after: Content) -> int:
        return max(0, len(before.readable) - len(after.readable))

    def _guarded(self, before: Content, after: Content) -> Content:
        if after.deleted or not self._lost(before, after):
            return after
        there = {path for path, _ in after.readable}
        kept = tuple(p for p in before.readable if p[0] not in there)
        return replace(after, pictures=(*after.readable, *kept))

    # What the node shows

    def expected(
        self, product_id: str, known: Known, has: Callable[[str], int]
    ) -> tuple[set[tuple[str, int]], set[tuple[str, int]]]:
        """Return which pictures must be seen and which may be seen."""
        may = set(known.content.readable)
        must = {
            (p, k) for p, k in may - {(p, k) for p, k in may if p in known.away}
            if k in self.embedded or (p not in known.risky | self.replaced and has(p) == k)
        }  # fmt: skip
        return must, may

    def document(self, known: Known, pictures: Iterable[tuple[str, int]]) -> Document:
        return Document(
            known.order, known.version, known.content, known.content.title, tuple(pictures)
        )

    def settled(self, product_id: str, pictures: Iterable[tuple[str, int]]) -> None:
        """Note that a pending change is in the live index, with these pictures."""
        known = self.books.known[product_id]
        shown = set(pictures)
        self.embedded |= {k for _, k in shown}
        away = frozenset(p for p, k in known.content.readable if (p, k) not in shown)
        document = self.document(known, shown)
        before = self.indices[self.live].get(product_id)
        if before is not None and before.order == known.order:  # its version was raised since
            document = replace(document, version=before.version)
        self.indices[self.live][product_id] = document
        self.books.known[product_id] = replace(
            known, pending=False, unchecked=False, away=away, risky=frozenset()
        )

    def delivered(self, index: str) -> None:
        """Note that everything pending was written to an index, before the node is read."""
        for i, known in self.books.known.items():
            if known.pending:
                self.indices[index][i] = self.document(known, known.content.readable)
                self.books.known[i] = replace(known, pending=False, unchecked=True)

    def written(
        self, product_id: str, state: tuple[object, ...], *, newest: bool, since: int = 0
    ) -> Document | None:
        """Return the newest change that looks so; ``None``: there never was one.

        ``newest``: it is the one that the ledger knows, else an earlier one. ``since``: order of
        what stood there before; where a later change looks so, it is that.
        """
        last = self.books.known.get(product_id)
        known = list(reversed(self.history.get(product_id, [])))
        if last is not None:  # a write under the ledger's order first, or one under another
            known.sort(key=lambda one: (one.order < since, newest != (one.order == last.order)))
        for one in known:
            shown = {p for p in one.content.readable if len(state) > 2 and p in state[3]}  # type: ignore[operator]
            document = self.document(one, shown)
            if document.visible_state == state:
                self.embedded |= {k for _, k in shown}
                return document
        return None

    def differs(self, known: Known, document: Document | None) -> bool:
        """Tell whether filling another index writes a product anew."""
        if document is None:
            return True
        lacks = bool(known.away) and document.order < known.order
        return lacks or (document.order <= known.order and document.content != known.content)
