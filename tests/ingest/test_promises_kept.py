"""Sequences that once broke a promise, as the machine found them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from promises_machine import IDS, SLOTS, Given, Promises
from promises_shop import Bound

pytestmark = [pytest.mark.node, pytest.mark.faults]
Sequence = Callable[[Promises], None]


def row(i: str, version: int | None = None, title: str = "red dress", slots: str = "") -> Given:
    pictures = [f"pictures/{i}-{slot}.png" for slot in slots]
    return {"id": i, "version": version, "title": title, "pictures": pictures}


def gone(i: str, version: int | None = None) -> Given:
    return {"id": i, "version": version, "deleted": True}


def feed(shop: Promises, *given: Given, full: bool = False, weather: Any = ()) -> None:
    """Feed rows whose versions are meant as they are written."""
    number = len(shop.feeds) // 2
    rows = [g if g["version"] is None else g | {"version": g["version"] - number} for g in given]
    shop.feed(given=rows, full=full, yes=False, weather=list(weather))


def the_same_row_twice(shop: Promises) -> None:
    feed(shop, row("p0", 1), row("p0", 1), gone("p1", 1), gone("p1", 3))


def an_old_ledger_whose_change_waits(shop: Promises) -> None:
    feed(shop, row("p0"), row("p1", 5), weather=["kill"])
    shop.copy_ledger()
    feed(shop, gone("p0"), row("p1", 6, "blue shoe"))
    shop.put_ledger_back()
    feed(shop, row("p2"))
    feed(shop, row("p1", 5, "green shirt"))


def a_swap_to_an_index_that_a_new_ledger_never_saw(shop: Promises) -> None:
    feed(shop, row("p0", 6), gone("p1", 6))
    shop.next_index(0)
    shop.swap(0)
    shop.lose_ledger()
    feed(shop, row("p2"))
    shop.swap(0)
    feed(shop, row("p0", 5, "blue shoe"), row("p1", 5))


def a_swap_and_back_while_workers_go_on(shop: Promises) -> None:
    feed(shop, row("p0"))
    shop.next_index(0)
    feed(shop, row("p0", title="blue shoe"), weather=["kill"])
    shop.swap(0)
    shop.late_messages_come()
    shop.swap(0)
    feed(shop, row("p1"))


def a_swap_to_another_space_while_a_change_waits(shop: Promises) -> None:
    feed(shop, row("p0"), weather=["kill"])
    shop.next_index(1)
    shop.swap(0)
    shop.reconcile(weather=[])
    feed(shop, row("p0"))


def a_lost_message_after_another_hand_wrote_above(shop: Promises) -> None:
    feed(shop, row("p0"))
    shop.another_hand_writes(n=0, kind="above")
    shop.reconcile(weather=["ok", "ok", "lost_bulk"])


def a_lower_row_behind_one_that_loses_a_picture(shop: Promises) -> None:
    feed(shop, row("p0", 1, slots="ab"), full=True)
    feed(shop, row("p0", 3, slots="a"), row("p0", 2, slots="ab"))


def a_lower_row_before_one_that_loses_a_picture(shop: Promises) -> None:
    feed(shop, row("p0", 3, slots="ab"), full=True)
    feed(shop, row("p0", 2, slots="a"), row("p0", 4, slots="a"))


def a_picture_replaced_while_embedding_and_put_back(shop: Promises) -> None:
    shop.pictures_move_while_embedding(
        given=[row("p1", slots="a")], moved=["pictures/p1-a.png"], fresh=2, edition=3, back=False
    )
    shop.picture_changes(path="pictures/p1-a.png", edition=2)
    shop.replay(n=0, full=False, yes=False, weather=[])


def the_same_bytes_under_two_paths_one_of_them_away(shop: Promises) -> None:
    shop.pictures_move_while_embedding(
        given=[row("p0", slots="a"), row("p1", slots="a")],
        moved=["pictures/p0-a.png"], fresh=1, edition=0, back=False,
    )  # fmt: skip


def a_row_without_version_that_says_nothing_new(shop: Promises) -> None:
    shop.pictures_move_while_embedding(
        given=[row("p0", 5, slots="a")], moved=["pictures/p0-a.png"], fresh=1, edition=0,
        back=False,
    )  # fmt: skip
    shop.picture_changes(path="pictures/p0-a.png", edition=1)
    feed(shop, row("p0", None, slots="a"))
    feed(shop, row("p0", 5, "blue shoe", slots="a"))


def a_swap_back_while_a_deletion_is_taken_over(shop: Promises) -> None:
    shop.next_index(0)
    feed(shop, row("p2", 1))  # in both indices
    shop.swap(0)
    shop.swap(0)
    feed(shop, gone("p2", 1))  # in the live one only
    shop.swap(0)
    shop.lose_ledger()
    feed(shop, row("p0", 3))
    shop.swap(0)
    shop.reconcile(weather=["swap"])
    feed(shop, row("p1"))


def a_deletion_said_again_in_another_space(shop: Promises) -> None:
    feed(shop, row("p0", 1), gone("p1", 2))
    shop.next_index(1)
    shop.swap(0)
    feed(shop, row("p0", 3), weather=["swap"])
    feed(shop, gone("p1", 4))


FOUND = (
    a_swap_back_while_a_deletion_is_taken_over,
    a_deletion_said_again_in_another_space,
    the_same_row_twice,
    an_old_ledger_whose_change_waits,
    a_swap_to_an_index_that_a_new_ledger_never_saw,
    a_swap_and_back_while_workers_go_on,
    a_swap_to_another_space_while_a_change_waits,
    a_lost_message_after_another_hand_wrote_above,
    a_lower_row_behind_one_that_loses_a_picture,
    a_lower_row_before_one_that_loses_a_picture,
    a_picture_replaced_while_embedding_and_put_back,
    the_same_bytes_under_two_paths_one_of_them_away,
    a_row_without_version_that_says_nothing_new,
)


@pytest.fixture(scope="module")
def bound(tmp_path_factory: pytest.TempPathFactory, node_url: str) -> Iterator[Bound]:
    made = Bound(Path(tmp_path_factory.mktemp("kept")), node_url)
    yield made
    made.close()


@pytest.mark.parametrize("sequence", FOUND, ids=lambda sequence: sequence.__name__)
def test_what_once_broke_holds(bound: Bound, sequence: Sequence) -> None:
    Promises.bound = bound
    shop = Promises()
    try:
        everywhere = {(i, slot) for i in IDS for slot in SLOTS}
        shop.opens(fillers="picture" in sequence.__name__, there=everywhere)
        sequence(shop)
    finally:
        shop.teardown()
