"""What a step of the promise machine is made of, and how the node is compared with the oracle."""

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis.stateful import RuleBasedStateMachine
from promises_oracle import GONE, Books, Content, Document, Known, Oracle, Row, Taken
from promises_queue import Killed
from promises_shop import Bound, Shop

from ingest.report import Report
from mappings.errors import EXIT_INPUT, EXIT_OK, EXIT_PARTLY

IDS = ("p0", "p1", "p2")
TITLES = ("red dress", "blue shoe")
SLOTS = ("a", "b")
EDITIONS = 6
FILLERS = tuple(f"f{n:02d}" for n in range(12))
Given = dict[str, Any]
"""A row as its feed's file has it; replays read the same rows with the pictures of today."""


def key_of(path: str, edition: int) -> int:
    """The bytes of an edition of a slot, the same for all products; 0 for none."""
    return edition and 8 * SLOTS.index(path[-5]) + edition


class Steps(RuleBasedStateMachine):
    """A shop beside its oracle; ``bound`` is set by whoever runs the machine."""

    bound: Bound

    def __init__(self) -> None:
        super().__init__()
        self.shop = Shop(self.bound)
        self.oracle = Oracle(self.shop.live, "a")
        self.files: dict[str, int] = {}
        self.feeds: list[tuple[str, list[Given]]] = []
        self.copy: Books | None = None
        self.dirty: set[str] = set()
        self.stamps: dict[str, dict[str, int]] = {}
        self.fillers = False

    def teardown(self) -> None:
        self.shop.close()

    # What a step is made of

    def _put(self, path: str, key: int) -> None:
        if self.files.get(path, 0) != key:
            self.shop.put_picture(path, key)
            self.files[path] = key
            self.oracle.file_changed(path)

    def _set(self, weather: list[str]) -> list[str]:
        """Let the queue do these things to the next messages; return where it has swapped to."""
        swapped: list[str] = []

        def swap() -> None:
            if len(self.shop.spaces) > 1:
                self.dirty |= {self.shop.live}
                self._swap(len(swapped) + 1)
                self.dirty |= {self.shop.live}
                swapped.append(self.shop.live)

        self.shop.home, self.shop.strayed = self.shop.live, False
        self.shop.queue.weather.clear()
        self.shop.queue.weather.extend(weather)
        self.shop.queue.on_swap = swap
        return swapped

    def _swap(self, n: int) -> None:
        others = sorted(set(self.shop.spaces) - {self.shop.live})
        self.shop.swap(others[n % len(others)])
        self.oracle.live = self.shop.live

    def _rows(self, given: list[Given]) -> list[Row]:
        found = []
        for g in given:
            pictures = tuple((p, self.files.get(p, 0)) for p in g.get("pictures", ()))
            content = GONE if g.get("deleted") else Content(g.get("title", ""), pictures)
            found.append(Row(g["id"], g["version"], content, bad="price" in g))
        return found

    def _ingest(
        self, name: str, given: list[Given], full: bool, yes: bool, weather: list[str]
    ) -> None:
        self._observe()
        read = self._rows(given)
        noticed, index = self.oracle.notice(), self.shop.live
        swapped, before = self._set(weather), dict(self.oracle.indices[index])
        waiting = any(k.pending for k in self.oracle.books.known.values())
        try:
            report = self.shop.ingest(name, full=full, yes=yes)
        except Killed:
            committed = self._committed(read)
            if committed is not None:
                if noticed:
                    self.oracle.delivered(index)
                self.oracle.books.target = index
                self._take(index, read, full=full, yes=yes, only=committed)
                if swapped:
                    self.oracle.indices[index] = before
            self._killed()
            return
        if noticed:
            self.oracle.delivered(index)
        taken = self._take(index, read, full=full, yes=yes)
        if swapped and (index != self.shop.live or self.shop.strayed):
            self.oracle.indices[index], self.oracle.books.target = before, ""
        self._done(swapped, index)
        self._check_report(report, read, taken, exact=not noticed and not waiting)
        if not swapped:
            self._fill()

    def _take(self, index: str, read: list[Row], **options: Any) -> Taken:
        """Let the oracle take a feed in, for the index that was live when it came."""
        self.oracle.live, live = index, self.oracle.live
        taken = self.oracle.ingest(read, **options)
        self.oracle.live = live
        return taken

    def _committed(self, read: list[Row]) -> tuple[int, frozenset[str], frozenset[str]] | None:
        """Return what the ledger had committed of a feed when it was killed."""
        commits = self.shop.ledger.commits
        if not commits:
            return None
        first = 0 if all(row.bad for row in read) else commits[0][0]
        count = sum(len(changes) for run, changes in commits if run == first)
        later = [c.product for run, changes in commits if run != first for c in changes]
        return (
            count, frozenset(p.id for p in later if p.deleted),
            frozenset(p.id for p in later if not p.deleted),
        )  # fmt: skip

    def _killed(self) -> None:
        self.dirty.add(self.shop.live)
        self.shop.queue.weather.clear()
        if self.shop.strayed:
            self.oracle.books.target = ""

    def _done(self, swapped: list[str], home: str) -> None:
        """Compare the node with the oracle; everything is settled."""
        self.shop.queue.weather.clear()
        oracle, index = self.oracle, self.shop.live
        if swapped and (index != home or self.shop.strayed):
            self._observe()
            oracle.repair()
        oracle.books.target = index
        found = self.shop.documents(index)
        written = {i: k for i, k in oracle.books.known.items() if k.pending or k.unchecked}
        pictures = {i: self._pictures(i, k, found.get(i)) for i, k in written.items()}
        for i, shown in pictures.items():
            oracle.settled(i, shown)
        self._agree(index, found)
        self._balanced()

    def _pictures(
        self, i: str, known: Known, document: dict[str, Any] | None
    ) -> set[tuple[str, int]]:
        """Return the pictures of a document that was written just now, which it must have."""
        must, may = self.oracle.expected(i, known, lambda p: self.files.get(p, 0))
        if document is None or known.content.deleted:
            return set()
        paths = {p["path"] for p in document.get("pictures") or ()}
        shown = {(p, k) for p, k in may if p in paths}
        assert paths == {p for p, _ in shown}, (i, "pictures of no change", paths, may)
        assert must <= shown, (i, "pictures lost", must - shown)
        return shown

    def _agree(self, index: str, found: dict[str, dict[str, Any]]) -> None:
        expected = self.oracle.indices[index]
        assert set(found) == set(expected), (index, sorted(found), sorted(expected))
        for i, document in found.items():
            assert self._visible_state(index, document) == expected[i].visible_state, (
                i, self._visible_state(index, document), expected[i], self.oracle.books.known.get(i)
            )  # fmt: skip
            self._vectors(index, document, expected[i])
        self._stamp(index, found)

    def _visible_state(self, index: str, document: dict[str, Any]) -> tuple[object, ...]:
        version = document.get("source_version")
        if document.get("deleted"):
            return (True, version)
        pictures = document.get("pictures") or []
        seen = {(p["path"], self._key(index, p)) for p in pictures}
        return (False, version, document["title"], frozenset(seen))

    def _key(self, index: str, shown: dict[str, Any]) -> int:
        """Return whose bytes a picture's vector is made from."""
        for edition in range(1, EDITIONS + 1):
            key = key_of(shown["path"], edition)
            vector = self.bound.picture_vector(self.shop.spaces[index], key)
            if np.allclose(shown["vector"], vector, atol=1e-3):
                return key
        return -1

    def _vectors(self, index: str, document: dict[str, Any], expected: Document) -> None:
        if expected.content.deleted or not expected.order:
            return
        space = self.shop.spaces[index]
        title = self.bound.text_vector(space, expected.content.title)
        assert np.allclose(document["text_vector"], title, atol=1e-3), document["title"]
        rows = [self.bound.picture_vector(space, key) for _, key in sorted(expected.pictures)]
        if not rows:
            assert "image_vector" not in document, document["title"]
            return
        mean = np.mean(rows, axis=0)
        mean /= np.linalg.norm(mean)
        assert np.allclose(document["image_vector"], mean, atol=1e-3), document["title"]

    def _balanced(self) -> None:
        ledger = self.shop.ledger
        counts = ledger.counts()
        assert counts.balanced, counts
        assert counts.pending == 0 == len(ledger.pending()), counts
        assert counts.dead == 0, counts
        with ledger.store.read() as db:
            negative = db.execute("SELECT * FROM tally WHERE n < 0").fetchall()
        assert not negative, [tuple(row) for row in negative]
        living = sum(not k.content.deleted for k in self.oracle.books.known.values())
        assert ledger.known() == living, (ledger.known(), living)

    def _check_report(self, report: Report, read: list[Row], taken: Taken, *, exact: bool) -> None:
        rejected = sum(r.bad for r in read)
        assert (report.read, report.rejected) == (len(read), rejected), report
        assert report.accepted == len(read) - rejected, report
        settled = report.indexed + report.superseded + report.dead_lettered + report.pending
        assert (report.accepted, report.pending) == (settled, 0), report
        assert report.deleted == taken.deleted, (report, taken)
        ids = [r.id for r in read if not r.bad]
        repeated = len(ids) != len(set(ids))
        if not repeated:
            older = sum(v in ("superseded", "amended") for v in taken.verdicts)
            assert report.superseded == older, (report, taken)
            assert not exact or report.unchanged == taken.verdicts.count("unchanged"), (
                report,
                taken,
            )
        assert bool(report.refusal) == taken.refused, (report, taken)
        assert (report.exit_code == EXIT_INPUT) == taken.refused, report
        if not taken.refused:
            partly = bool(rejected or taken.amended)
            unordered = repeated and any(r.version is None for r in read)
            if not unordered and not report.refusals:
                assert report.exit_code == (EXIT_PARTLY if partly else EXIT_OK), (report, taken)

    def _fill(self) -> None:
        filled = self.shop.fill_next()
        if filled is None:
            return
        oracle, index = self.oracle, filled.index
        documents = oracle.indices[index]
        found = self.shop.documents(index)
        for i, known in oracle.books.known.items():
            if known.recorded and oracle.differs(known, documents.get(i)):
                pictures = self._pictures(i, known, found.get(i))
                documents[i] = oracle.document(known, pictures)
        self._agree(index, found)

    # What the oracle cannot know: which of several writes came through before a kill

    def _observe(self, index: str = "") -> None:
        """Read what kills and late messages left in an index, as some change that was accepted."""
        index = index or self.shop.live
        if index not in self.dirty:
            return
        self.dirty.discard(index)
        found, before = self.shop.documents(index), self.oracle.indices[index]
        stamps = self.stamps.get(index, {})
        with self.shop.ledger.store.read() as db:
            orders = dict(db.execute("SELECT id, write_order FROM products").fetchall())
        for i, document in found.items():
            if i in before and stamps.get(i) == document["_version"]:
                continue
            newest = document.get("write_order") == orders.get(i)
            old = before.get(i)
            written = self.oracle.written(
                i, self._visible_state(index, document), newest=newest,
                since=old.order if old else 0,
            )  # fmt: skip
            assert written is not None, (i, "a document of no change", document)
            assert old is None or old.order <= written.order, (i, "an older change", old, written)
            before[i] = written
        self._stamp(index, found)
        if index == self.shop.live:
            self._settled_meanwhile()

    def _settled_meanwhile(self) -> None:
        """What the ledger calls settled must be in the index that it knows."""
        oracle, pending = self.oracle, set(self.shop.ledger.pending())
        documents = oracle.indices[oracle.live]
        for i, known in list(oracle.books.known.items()):
            if not (known.pending or known.unchecked) or i in pending:
                continue
            document = documents.get(i)
            if document is not None and document.order == known.order:
                oracle.settled(i, document.pictures)
                if oracle.books.target != oracle.live:
                    oracle.books.target = ""
            else:
                assert oracle.books.target != oracle.live, (i, "settled, not there", known)
                oracle.books.known[i] = replace(known, pending=False, unchecked=False)

    def _stamp(self, index: str, found: dict[str, dict[str, Any]] | None = None) -> None:
        found = self.shop.documents(index) if found is None else found
        self.stamps[index] = {i: d["_version"] for i, d in found.items()}
