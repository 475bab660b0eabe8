"""The window's pure functions: order, cut, collapse, page."""

import random

import pytest

from query.model.window import Candidate, SortKey, Window, collapse, drop_below, order, page
from query.opensearch.doc_values import docvalues, values_of


def window(*candidates: Candidate) -> Window:
    return Window(candidates, len(candidates), "eq", 150)


def ids(found: Window) -> list[str]:
    return [c.id for c in found.candidates]


A = Candidate("a", 0.5, {"price": (30.0,), "group": ("g1",)})
B = Candidate("b", 0.9, {"price": (20.0,), "group": ("g1",)})
C = Candidate("c", 0.5, {"group": ("g2",)})
D = Candidate("d", 0.1, {"price": (20.0,)})
ALL = window(A, B, C, D)


def test_relevance_falls_and_equal_scores_are_ordered_by_id() -> None:
    for seed in range(10):
        mixed = list(ALL.candidates)
        random.Random(seed).shuffle(mixed)
        assert ids(order(window(*mixed))) == ["b", "a", "c", "d"]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ((SortKey("price"),), "bdac"),
        ((SortKey("price", descending=True),), "abdc"),
        ((SortKey("relevance"),), "dacb"),
        ((SortKey("relevance", descending=True),), "bacd"),
        ((SortKey("price"), SortKey("relevance")), "dbac"),
        ((SortKey("group"), SortKey("price", descending=True)), "abcd"),
    ],
)
def test_sorted_by_columns_what_lacks_one_comes_last(
    keys: tuple[SortKey, ...], expected: str
) -> None:
    assert ids(order(ALL, keys)) == list(expected)


def test_of_several_values_the_lowest_counts_ascending_the_highest_descending() -> None:
    wide = window(
        Candidate("x", 1.0, {"price": (1.0, 9.0)}), Candidate("y", 1.0, {"price": (5.0,)})
    )
    assert ids(order(wide, (SortKey("price"),))) == ["x", "y"]
    assert ids(order(wide, (SortKey("price", descending=True),))) == ["x", "y"]


def test_cut_keeps_what_scores_at_the_border() -> None:
    assert ids(drop_below(ALL, 0.5)) == ["a", "b", "c"]
    assert ids(drop_below(ALL, 0.91)) == []


def test_one_card_a_group_keeps_the_first_and_names_the_others() -> None:
    cards = collapse(order(ALL), "group")
    assert ids(cards) == ["b", "c", "d"]
    assert [c.variants for c in cards.candidates] == [("a",), (), ()]


def test_a_group_named_like_a_product_is_not_that_product() -> None:
    alike = window(Candidate("x", 1.0), Candidate("y", 0.5, {"group": ("x",)}))
    assert ids(collapse(alike, "group")) == ["x", "y"]


def test_pages_are_disjoint_and_whole() -> None:
    found = order(ALL)
    assert [c.id for n in range(0, 6, 2) for c in page(found, n, 2)] == ["b", "a", "c", "d"]


def test_no_function_changes_its_input() -> None:
    before = ids(ALL)
    order(ALL, (SortKey("price"),))
    collapse(ALL, "group")
    drop_below(ALL, 1.0)
    assert ids(ALL) == before
    assert all(c.variants == () for c in ALL.candidates)


def test_doc_values_are_read_as_they_were_asked_for() -> None:
    assert docvalues(["price", "added"]) == [
        {"field": "price"},
        {"field": "added", "format": "epoch_millis"},
    ]
    row: dict[str, list[object]] = {
        "price": [20],
        "added": ["1700000000000"],
        "brand": ["A", "B"],
        "other": [1],
    }
    assert values_of(row, ["price", "added", "brand", "stock"]) == {
        "price": (20.0,),
        "added": (1_700_000_000_000.0,),
        "brand": ("A", "B"),
    }
