"""The state machine of the promises: what a shop and its faults do, in any order.

After every step that ends an ingest or a reconcile the node is read and compared with the oracle.
"""

import json
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from promises_oracle import Content, Document
from promises_queue import ACTIONS, Killed
from promises_steps import EDITIONS, FILLERS, IDS, SLOTS, TITLES, Given, Steps, key_of

from mappings.errors import EXIT_OK, EXIT_PARTLY

living = st.builds(
    lambda i, version, title, slots: {
        "id": i, "version": version, "title": title,
        "pictures": [f"pictures/{i}-{slot}.png" for slot in SLOTS if slot in slots],
    },
    st.sampled_from(IDS), st.sampled_from([None, 0, 1, 2]), st.sampled_from(TITLES),
    st.sampled_from(["", "a", "ab", "ab"]),
)  # fmt: skip
"""A row whose version is above the number of feeds so far, halved: replays are mostly older."""
gone = st.builds(
    lambda i, version: {"id": i, "version": version, "deleted": True},
    st.sampled_from(IDS), st.sampled_from([None, None, 0, 1, 2]),
)  # fmt: skip
bad = st.builds(
    lambda i: {"id": i, "version": None, "title": "none", "price": "dear"}, st.sampled_from(IDS)
)
rows = st.lists(st.one_of(living, living, living, living, gone, bad), min_size=1, max_size=4)
actions = st.sampled_from(("ok", *ACTIONS, "kill", "swap"))
weather = st.one_of(st.just([]), *2 * [st.lists(actions, min_size=1, max_size=4)])
AHEAD = 10**9
"""How far above the ledger's orders another hand writes, in microseconds."""
places = st.tuples(st.sampled_from(IDS), st.sampled_from(SLOTS))
paths = st.builds(lambda place: f"pictures/{place[0]}-{place[1]}.png", places)
some = st.integers(0, 20)
editions = st.integers(0, EDITIONS)
changes = st.one_of(
    st.tuples(st.just("next"), some),
    st.tuples(st.just("swap"), some),
    st.tuples(st.just("swap"), some),
    st.tuples(st.sampled_from(["no index", "no ledger"])),
    st.tuples(st.just("copy")),
    st.tuples(st.just("copy back")),
    st.tuples(st.just("late messages")),
    st.tuples(st.just("picture"), paths, editions),
    st.tuples(st.just("by hand"), some, st.sampled_from(["update", "delete", "index", "above"])),
)


class Promises(Steps):
    """The rules; each is a thing that happens to a shop."""

    # Rules: the shop's own doings

    @initialize(
        fillers=st.sampled_from([False, False, False, True]), there=st.sets(places, min_size=3),
    )  # fmt: skip
    def opens(self, fillers: bool, there: set[tuple[str, str]]) -> None:
        self.fillers = fillers
        for i, slot in sorted(there):
            self._put(f"pictures/{i}-{slot}.png", key_of(f"{i}-{slot}.png", 1))
        if fillers:
            for i in FILLERS:
                self._put(f"pictures/{i}-a.png", 1)

    @rule(given=rows, full=st.booleans(), yes=st.booleans(), weather=weather)
    def feed(self, given: list[Given], full: bool, yes: bool, weather: list[str]) -> None:
        if self.fillers and (full or not self.feeds):
            given = given + [
                {"id": i, "version": None, "title": i, "pictures": [f"pictures/{i}-a.png"]}
                for i in FILLERS
            ]
        number = len(self.feeds) // 2
        given = [
            g if g["version"] is None else g | {"version": g["version"] + number} for g in given
        ]
        self.feeds.append(self.save(given))
        self._ingest(*self.feeds[-1], full, yes, weather)

    def save(self, given: list[Given]) -> tuple[str, list[Given]]:
        """Write a feed's file; the natural delete feed is a CSV file."""
        name = f"feed-{len(self.feeds)}"
        if all(set(g) == {"id", "version", "deleted"} and g["version"] is None for g in given):
            name += ".csv"
            lines = ["id,deleted", *(f"{g['id']},true" for g in given)]
        else:
            name += ".jsonl"
            lines = [json.dumps({k: v for k, v in g.items() if v is not None}) for g in given]
        (self.shop.catalogue / name).write_text("\n".join(lines) + "\n")
        return name, given

    @precondition(lambda self: self.feeds)
    @rule(n=st.integers(0, 20), full=st.booleans(), yes=st.booleans(), weather=weather)
    def replay(self, n: int, full: bool, yes: bool, weather: list[str]) -> None:
        self._ingest(*self.feeds[n % len(self.feeds)], full, yes, weather)

    @rule(
        given=rows, moved=st.lists(paths, min_size=1, max_size=2, unique=True),
        fresh=st.integers(1, EDITIONS), edition=editions, back=st.booleans(),
    )  # fmt: skip
    def pictures_move_while_embedding(
        self, given: list[Given], moved: list[str], fresh: int, edition: int, back: bool
    ) -> None:
        for path in moved:
            self._put(path, key_of(path, fresh))
        before = {path: self.files[path] for path in moved}

        def move() -> None:
            for path in moved:
                self._put(path, key_of(path, edition))

        def move_back() -> None:
            for path, key in before.items():
                self._put(path, key)

        self.shop.queue.after_acceptance = move
        self.shop.queue.after_look = move_back if back else None
        # One that is away is waited for; one that was replaced is looked for by the next feed.
        self.oracle.replaced = set(moved) if edition else set()
        try:
            self.feed(given, False, False, [])
        finally:
            if back and self.shop.queue.after_look and not self.shop.queue.after_acceptance:
                move_back()
            self.shop.queue.after_acceptance = self.shop.queue.after_look = None
            self.oracle.replaced = set()

    # Rules: what an operator does

    @rule(found=st.lists(changes, min_size=1, max_size=3))
    def surroundings_change(self, found: list[tuple[Any, ...]]) -> None:
        does = {
            "next": self.next_index, "swap": self.swap, "no index": self.lose_index,
            "no ledger": self.lose_ledger, "copy": self.copy_ledger,
            "copy back": self.put_ledger_back, "late messages": self.late_messages_come,
            "picture": self.picture_changes, "by hand": self.another_hand_writes,
        }  # fmt: skip
        for kind, *values in found:
            does[kind](*values)

    def picture_changes(self, path: str, edition: int) -> None:
        self._put(path, key_of(path, edition))

    def next_index(self, n: int) -> None:
        space = "ab"[n % 2]
        if len(self.shop.spaces) < 4:
            name = self.shop.create(space)
            self.oracle.indices[name], self.oracle.spaces[name] = {}, space

    def swap(self, n: int) -> None:
        if len(self.shop.spaces) > 1:
            self._observe()
            self._swap(n)

    @precondition(lambda self: self.oracle.books.known)
    @rule(weather=weather)
    def reconcile(self, weather: list[str]) -> None:
        self._observe()
        adopted = self.oracle.repair()
        swapped, home = self._set(weather), self.shop.live
        try:
            found = self.shop.reconcile()
        except Killed:
            self._killed()
            return
        if swapped:  # what was live when it began was compared
            self._killed()
            return
        self._done(swapped, home)
        unrecorded = self.oracle.unrecorded()
        assert found.adopted == adopted, (found, adopted)
        assert found.checked == len(self.oracle.books.known), found
        away = sum(bool(k.away) for k in self.oracle.books.known.values())
        assert (found.unrecorded, found.differing) == (unrecorded, away), (found, unrecorded, away)
        assert found.equal == found.checked - unrecorded - away, found
        assert found.exit_code == (EXIT_PARTLY if unrecorded + away else EXIT_OK), found
        assert found.unknown == sum(
            not d.order for d in self.oracle.indices[self.shop.live].values()
        ), found

    # Rules: what goes wrong

    def lose_index(self) -> None:
        self._observe()
        for index in self.oracle.indices:
            self._observe(index)
        lost = self.shop.live
        self.shop.lose_index()
        del self.oracle.indices[lost]
        space = self.oracle.spaces.pop(lost)
        self.dirty.discard(lost)
        self.oracle.indices.setdefault(self.shop.live, {})
        self.oracle.spaces.setdefault(self.shop.live, space)
        self.oracle.live = self.shop.live
        if self.oracle.books.target == lost:
            self.oracle.books.target = "lost"
        if self.copy is not None and self.copy.target == lost:
            self.copy.target = "lost"

    def lose_ledger(self) -> None:
        self._observe()
        self.shop.lose_ledger()
        self.oracle.lose_ledger()

    def copy_ledger(self) -> None:
        self._observe()
        self.shop.copy_ledger()
        self.copy = self.oracle.copied()

    def put_ledger_back(self) -> None:
        if self.copy is None:
            return
        self._observe()
        self.shop.put_back()
        self.oracle.put_back(self.copy)

    def late_messages_come(self) -> None:
        self.shop.queue.weather.clear()
        self.shop.queue.work_late()
        self.dirty.add(self.shop.live)

    def another_hand_writes(self, n: int, kind: str) -> None:
        self._observe()
        index = self.shop.live
        documents = self.oracle.indices[index]
        ids = sorted(documents)
        if not ids:
            return
        i = ids[n % len(ids)]
        document, client = documents[i], self.shop.client
        if kind == "delete" and not self.bound.worn:
            client.delete(index=index, id=i)
            del documents[i]
        elif kind in ("index", "above"):
            version = self.stamps[index][i] + AHEAD
            above = {"version": version, "version_type": "external"} if kind == "above" else {}
            client.index(index=index, id=i, body={"title": "by another hand", "key": i}, **above)
            documents[i] = Document(0, None, Content(), "by another hand", (), True)
            self.bound.worn |= kind == "above"
        elif kind == "update" and document.order and not document.content.deleted:
            client.update(index=index, id=i, body={"doc": {"title": "edited"}})
            documents[i] = Document(
                document.order, document.version, document.content, "edited", document.pictures,
                True,
            )  # fmt: skip
        self._stamp(index)
