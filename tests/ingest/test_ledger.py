"""The ledger: accepted = indexed + superseded + dead + pending, at every instant."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ingest.ledger.changes import AcceptedPicture, Change, Refusal, content_hash
from ingest.ledger.dead_letters import DeadLetter, bury, drop_letters, list_letters, retry_letters
from ingest.ledger.ledger import Ledger
from ingest.ledger.tally import Settled
from ingest.lock import only_one
from mappings.errors import InputError, StackError
from mappings.identity import ModelIdentity
from mappings.product import ExtractedValue, Picture, Product

IDS = ["a", "b", "c"]


def change(product_id: str, title: str = "t", version: int | None = None) -> Change:
    return Change(Product(id=product_id, title=title, version=version), f"hash of {title}")


def tombstone(product_id: str) -> Change:
    return Change(Product(id=product_id, deleted=True), "gone")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.sqlite")
    yield opened
    opened.close()


def verdicts(ledger: Ledger, run: int, *changes: Change) -> list[str]:
    return [a.verdict for a in ledger.accept(run, changes)]


def finish(ledger: Ledger, product_id: str) -> None:
    (entry,) = ledger.entries([product_id])
    ledger.settle([Settled(entry.id, entry.order, "indexed")])


def test_acceptance_knows_new_changed_unchanged_and_stale(ledger: Ledger) -> None:
    run = ledger.begin_run(Path("."))
    assert verdicts(ledger, run, change("a"), change("b", version=5)) == ["send", "send"]
    finish(ledger, "a")
    finish(ledger, "b")
    second = ledger.begin_run(Path("."))
    assert verdicts(ledger, second, change("a"), change("b", "new", 4)) == [
        "unchanged", "superseded",
    ]  # fmt: skip
    assert verdicts(ledger, second, change("b", "new", 6)) == ["send"]
    (entry,) = ledger.entries(["b"])
    assert (entry.product.version, entry.product.title) == (6, "new")
    assert ledger.counts().balanced
    assert ledger.counts().superseded == 1


def test_a_version_is_raised_by_an_unchanged_row_so_that_older_ones_stay_stale(
    ledger: Ledger,
) -> None:
    run = ledger.begin_run(Path("."))
    verdicts(ledger, run, change("a", version=2))
    finish(ledger, "a")
    assert verdicts(ledger, run, change("a", version=9)) == ["unchanged"]
    assert verdicts(ledger, run, change("a", "late", version=5)) == ["superseded"]


def test_sequences_rise_even_in_a_ledger_begun_anew(tmp_path: Path) -> None:
    versions: list[int] = []
    for n in range(3):
        ledger = Ledger(tmp_path / f"{n}.sqlite")
        run = ledger.begin_run(Path("."))
        ledger.accept(run, [change("a"), change("b")])
        versions += [e.order for e in ledger.entries(["a", "b"])]
        ledger.close()
        time.sleep(0.001)
    assert versions == sorted(set(versions))


def test_a_newer_change_supersedes_one_that_is_pending(ledger: Ledger) -> None:
    run = ledger.begin_run(Path("."))
    ledger.accept(run, [change("a", "one")])
    (one,) = ledger.entries(["a"])
    ledger.accept(run, [change("a", "two")])
    counts = ledger.counts()
    assert (counts.accepted, counts.superseded, counts.pending) == (2, 1, 1)
    assert ledger.settle([Settled("a", one.order, "indexed")]) == 0, "the late one settles nothing"
    finish(ledger, "a")
    assert ledger.counts().balanced


def test_nothing_of_a_failed_acceptance_is_kept(ledger: Ledger) -> None:
    run = ledger.begin_run(Path("."))
    bad = Change(Product(id="b", title="t"), "h", (), (None,))  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        ledger.accept(run, [change("a"), bad])
    assert ledger.counts().accepted == 0
    assert ledger.pending() == []


def test_an_accepted_change_is_on_the_disk_for_another_process(ledger: Ledger) -> None:
    run = ledger.begin_run(Path("/root/of/pictures"))
    picture = AcceptedPicture("p.jpg", "main", "ab" * 32)
    refusal = Refusal("a", "q.jpg", "", "missing", "There is no picture.")
    ledger.accept(
        run, [Change(Product(id="a", title="红"), "h", (picture,), (refusal,))]
    )  # fmt: skip
    other = Ledger(ledger.store.path)
    (entry,) = other.entries(["a"])
    assert (entry.root, entry.pictures, entry.product.title) == (
        "/root/of/pictures",
        (picture,),
        "红",
    )
    assert other.refusals() == other.refusals_of(["a"]) == [refusal]
    other.close()


def test_a_product_comes_back_as_it_was_accepted(ledger: Ledger) -> None:
    products = [
        Product(id="bare", title="t"),
        Product(
            id="full", title="连衣裙", description="d", brand="b", categories=("x", "y"), price=0,
            currency="CNY", stock=2, group="g", margin=0.2, added="2026-01-02",
            found=(ExtractedValue("size", "42", "title"),),
            attributes={"colour": ("red", "blue"), "a": "b"},
            pictures=(Picture(path="p", role="main"), Picture(path="q")), version=3,
        ),
        Product(id="gone", deleted=True),
    ]  # fmt: skip
    ledger.accept(ledger.begin_run(Path(".")), [Change(p, "h") for p in products])
    back = [e.product for e in ledger.entries(["bare", "full", "gone"])]
    assert back == products
    assert [p.model_dump() for p in back] == [p.model_dump() for p in products]
    identity = ModelIdentity("t", "i", "", "a", 8, "p")
    for one, other in zip(back, products, strict=True):
        assert content_hash(one, (), identity) == content_hash(other, (), identity)


def test_many_threads_and_processes_keep_the_balance(ledger: Ledger) -> None:
    run = ledger.begin_run(Path("."))
    seen: list[bool] = []
    over = threading.Event()

    def watch() -> None:
        mine = Ledger(ledger.store.path)
        while not over.is_set():
            counts = mine.counts()
            seen.append(counts.balanced and counts.pending == len(mine.pending()) >= 0)
        mine.close()

    def work(n: int) -> None:
        mine = Ledger(ledger.store.path)
        for k in range(30):
            mine.accept(run, [change(f"{n}-{k % 7}", str(k))])
            for entry in mine.entries([f"{n}-{k % 7}"]):
                mine.settle([Settled(entry.id, entry.order, "indexed")])
        mine.close()

    watcher = threading.Thread(target=watch)
    watcher.start()
    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    over.set()
    watcher.join()
    counts = ledger.counts()
    assert (counts.accepted, counts.indexed, counts.pending) == (120, 120, 0)
    assert counts.balanced


def test_a_file_that_is_no_ledger_is_named(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_text("this is no database, and long enough to be seen so")
    with pytest.raises(StackError, match=r"ledger\.sqlite"):
        Ledger(tmp_path / "ledger.sqlite")
    (tmp_path / "file").write_text("")
    with pytest.raises(StackError, match="cannot be made"):
        Ledger(tmp_path / "file" / "ledger.sqlite")


def test_a_ledger_of_another_version_is_refused_with_the_cure(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(path)) as old:
        old.execute("CREATE TABLE products(id TEXT PRIMARY KEY, version INTEGER NOT NULL)")
        old.commit()
    with pytest.raises(StackError, match="another version of Shelfsight") as refused:
        Ledger(path)
    assert f"mv {path}" in refused.value.cure
    assert "takes over what the index holds" in refused.value.cure


def test_an_unknown_dead_letter_is_neither_retried_nor_dropped(ledger: Ledger) -> None:
    ledger.accept(ledger.begin_run(Path(".")), [change("a")])
    (entry,) = ledger.entries(["a"])
    bury(ledger, [DeadLetter("a", entry.order, "index", "bad", "why", 1)])
    for act in (retry_letters, drop_letters):
        with pytest.raises(InputError, match="no open dead letter for 'nope'"):
            act(ledger, ids=["a", "nope"])
        with pytest.raises(InputError, match="of kind 'other' for 'a'"):
            act(ledger, kind="other", ids=["a"])
    assert [x.id for x in list_letters(ledger)] == ["a"], "nothing was changed"
    assert retry_letters(ledger, ids=["a"]) == ["a"]


def test_a_file_put_in_the_place_of_an_open_ledger_is_followed(ledger: Ledger) -> None:
    ledger.accept(ledger.begin_run(Path(".")), [change("a")])
    for name in ledger.store.path.parent.glob("ledger.sqlite*"):
        name.unlink()
    other = Ledger(ledger.store.path)
    other.accept(other.begin_run(Path(".")), [change("b")])
    assert ledger.pending() == ["b"], "and not what the removed file holds"
    other.close()


def test_one_feed_at_a_time(tmp_path: Path) -> None:
    with (
        only_one(tmp_path / "x.lock"),
        pytest.raises(StackError, match="Another feed"),
        only_one(tmp_path / "x.lock"),
    ):
        pass
    with only_one(tmp_path / "x.lock"):
        pass


def test_the_content_hash_knows_everything_that_makes_a_document() -> None:
    identity = ModelIdentity("t", "i", "", "a", 8, "p")
    other = ModelIdentity("t2", "i", "", "a", 8, "p")
    product = Product(id="1", title="t", attributes={"a": ("b",)}, version=1)
    pictures = (AcceptedPicture("p", "main", "00"),)
    same = content_hash(product, pictures, identity)
    assert same == content_hash(product.model_copy(update={"version": 2}), pictures, identity)
    differing = [
        content_hash(product.model_copy(update={"price": 1.0}), pictures, identity),
        content_hash(product.model_copy(update={"attributes": {"a": ("c",)}}), pictures, identity),
        content_hash(product, (AcceptedPicture("p", "main", "01"),), identity),
        content_hash(product, (AcceptedPicture("p", "swatch", "00"),), identity),
        content_hash(product, (), identity),
        content_hash(product, pictures, other),
    ]
    assert len({same, *differing}) == 7


class LedgerMachine(RuleBasedStateMachine):
    """Any order of feeds, outcomes, crashes and retries: the books balance at every step."""

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self._folder = tempfile.TemporaryDirectory()
        self.ledger = Ledger(Path(self._folder.name) / "ledger.sqlite")
        self.run = self.ledger.begin_run(Path("."))
        self.highest: dict[str, int] = {}

    def teardown(self) -> None:
        self.ledger.close()
        self._folder.cleanup()

    @rule()
    def another_run(self) -> None:
        self.run = self.ledger.begin_run(Path("."))

    @rule(
        product_id=st.sampled_from(IDS), title=st.sampled_from("xyz"),
        version=st.none() | st.integers(1, 4), gone=st.booleans(),
    )  # fmt: skip
    def feed(self, product_id: str, title: str, version: int | None, gone: bool) -> None:
        given = tombstone(product_id) if gone else change(product_id, title, version)
        (accepted,) = self.ledger.accept(self.run, [given])
        if accepted.verdict == "send":
            assert product_id in self.ledger.pending()

    @rule(
        product_id=st.sampled_from(IDS), state=st.sampled_from(["indexed", "superseded"]),
        twice=st.booleans(),
    )  # fmt: skip
    def outcome(self, product_id: str, state: str, twice: bool) -> None:
        for entry in self.ledger.entries([product_id]):
            settled = Settled(entry.id, entry.order, state)  # type: ignore[arg-type]
            assert self.ledger.settle([settled]) == 1
            assert not twice or self.ledger.settle([settled]) == 0

    @rule(product_id=st.sampled_from(IDS))
    def death(self, product_id: str) -> None:
        for entry in self.ledger.entries([product_id]):
            letter = DeadLetter(entry.id, entry.order, "index", "bad", "why", 1)
            assert bury(self.ledger, [letter, letter]) == 1

    @rule(product_id=st.sampled_from(IDS))
    def crash(self, product_id: str) -> None:
        self.ledger.crashed([product_id], "index")

    @rule(product_id=st.sampled_from(IDS))
    def retry(self, product_id: str) -> None:
        if product_id in {letter.id for letter in list_letters(self.ledger)}:
            retry_letters(self.ledger, ids=[product_id])

    @rule()
    def drop(self) -> None:
        drop_letters(self.ledger)

    @rule()
    def reopened(self) -> None:
        self.ledger.close()
        self.ledger = Ledger(Path(self._folder.name) / "ledger.sqlite")

    @invariant()
    def balanced(self) -> None:
        counts = self.ledger.counts()
        assert counts.balanced, counts
        assert counts.pending == len(self.ledger.pending())
        assert min(counts.accepted, counts.indexed, counts.superseded, counts.dead) >= 0
        for run in range(1, self.run + 1):
            assert self.ledger.counts(run).balanced, run

    @invariant()
    def every_dead_change_has_an_open_letter_or_a_reason_why_not(self) -> None:
        assert len(list_letters(self.ledger)) <= self.ledger.counts().dead


TestLedger = LedgerMachine.TestCase
TestLedger.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
