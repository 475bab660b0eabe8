"""Which change of a product wins: the rules of docs/ingest.md, "What wins", one by one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.ledger.changes import Accepted, Change
from ingest.ledger.ledger import Ledger
from ingest.ledger.ordering import Standing, compare
from ingest.ledger.tally import Settled
from mappings.product import MAX_VERSION, Product, parse_product


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.sqlite")
    yield opened
    opened.close()


def feed(
    ledger: Ledger, title: str = "", version: int | None = None, *, deleted: bool = False
) -> Accepted:
    """Take one change of the only product in and settle what it leaves pending."""
    product = Product(id="a", title=title, version=version, deleted=deleted)
    content = "gone" if deleted else f"hash of {title}"
    (accepted,) = ledger.accept(ledger.begin_run(Path(".")), [Change(product, content)])
    ledger.settle(Settled(e.id, e.order, "indexed") for e in ledger.entries(["a"]))
    return accepted


def standing(ledger: Ledger) -> tuple[str, int | None]:
    """Title (empty: deleted) and version of the only product."""
    with ledger.store.read() as db:
        row = db.execute("SELECT * FROM products").fetchone()
    product = parse_product(
        {"id": "a", "deleted": True} if row["deleted"] else _record(row["record"])
    )
    return product.title, row["version"]


def _record(text: str) -> dict[str, object]:
    import json

    record: dict[str, object] = json.loads(text)
    return record


@pytest.mark.parametrize(
    ("known", "version", "deleted", "content", "expected"),
    [
        (Standing(5, False, False, "x"), 4, False, "y", "older"),
        (Standing(5, False, True, "gone"), 4, False, "y", "older"),
        (Standing(5, False, False, "x"), 4, False, "x", "older"),
        (Standing(5, False, False, "x"), 6, False, "y", "newer"),
        (Standing(5, False, False, "x"), 6, False, "x", "same"),
        (Standing(5, False, False, "x"), 5, False, "y", "newer"),
        (Standing(5, False, False, "x"), 5, True, "gone", "newer"),
        (Standing(5, False, True, "gone"), 5, False, "x", "amended"),
        (Standing(5, True, True, "gone"), 5, False, "x", "amended"),
        (Standing(5, True, False, "x"), 5, False, "y", "amended"),
        (Standing(5, True, False, "x"), 5, False, "x", "same"),
        (Standing(5, True, True, "gone"), 6, False, "x", "newer"),
        (Standing(5, False, False, "x"), None, False, "y", "newer"),
        (Standing(5, False, True, "gone"), None, False, "y", "newer"),
        (Standing(5, False, True, "gone"), None, True, "gone, with a title", "same"),
        (Standing(5, False, True, "gone"), 5, True, "gone, in another space", "same"),
        (Standing(5, False, True, "gone"), 4, True, "gone", "older"),
        (Standing(None, False, True, "gone"), 1, False, "y", "newer"),
        (Standing(None, False, False, "x"), None, False, "y", "newer"),
        (Standing(None, False, False, "x"), None, False, "x", "same"),
    ],
)
def test_a_change_is_compared_by_the_feeds_version_and_content(
    known: Standing, version: int | None, deleted: bool, content: str, expected: str
) -> None:
    assert compare(known, version, deleted, content) == expected


def test_a_deletion_without_a_version_gives_way_to_the_feeds_next_version(ledger: Ledger) -> None:
    feed(ledger, "five", 5)
    feed(ledger, deleted=True)
    replayed = feed(ledger, "five", 5)
    assert (replayed.verdict, replayed.amended) == ("superseded", True)
    assert standing(ledger) == ("", 5)
    assert feed(ledger, "six", 6).verdict == "send"
    assert feed(ledger, "seven", 7).verdict == "send"
    assert standing(ledger) == ("seven", 7)


def test_a_version_column_that_comes_later_owns_the_order_from_then_on(ledger: Ledger) -> None:
    feed(ledger, "one")
    feed(ledger, deleted=True)
    assert feed(ledger, "two", 1).verdict == "send"
    assert feed(ledger, "old", 0).verdict == "superseded"
    assert standing(ledger) == ("two", 1)


def test_what_an_old_feed_and_a_deletion_do_is_told(ledger: Ledger) -> None:
    feed(ledger, "six", 6)
    assert feed(ledger, "five", 5).older
    assert feed(ledger, deleted=True).takes_out
    assert not feed(ledger, deleted=True).takes_out, "it was out already"
    assert not feed(ledger, "six", 6).older, "the same version; it is amended"


def test_the_same_version_with_other_content_is_taken_and_said(ledger: Ledger) -> None:
    feed(ledger, "one", 3)
    again = feed(ledger, "one, corrected", 3)
    assert (again.verdict, again.same_version) == ("send", True)
    assert feed(ledger, "one, corrected", 3).verdict == "unchanged"


def test_a_change_without_a_version_is_not_undone_by_a_replay(ledger: Ledger) -> None:
    feed(ledger, "five", 5)
    feed(ledger, "by hand")
    assert feed(ledger, "five", 5).amended
    assert standing(ledger) == ("by hand", 5)
    assert feed(ledger, "six", 6).verdict == "send"
    assert not feed(ledger, "six", 6).amended


def test_the_greatest_version_does_not_block_what_comes_without_one(ledger: Ledger) -> None:
    feed(ledger, "last", MAX_VERSION)
    assert feed(ledger, "without").verdict == "send"
    assert feed(ledger, deleted=True).verdict == "send"
    assert standing(ledger) == ("", MAX_VERSION)


def test_orders_rise_whatever_versions_come(ledger: Ledger) -> None:
    orders = []
    for version in (None, 2**62, 7, None, 2**62 + 1):
        product = Product(id="a", title=str(version), version=version)
        ledger.accept(ledger.begin_run(Path(".")), [Change(product, f"hash of {version}")])
        orders += [e.order for e in ledger.entries(["a"])]
    assert orders == sorted(orders)
    assert all(order < 2**53 for order in orders), "a double holds them exactly"
