"""Every limit of the result contract: one test at it, one past it, and errors that name things."""

from collections.abc import Callable
from typing import Any

import pytest

from mappings.errors import InputError
from mappings.schema import PRICE
from query.model.boosts import MatchBoost, NewBoost, RampBoost, StockBoost, parse_boost
from query.model.cursor import MAX_CURSOR
from query.model.diversity import Diversity
from query.model.facets import HistogramFacet, Range, RangesFacet, parse_facet
from query.model.filters import parse_filter
from query.model.request import SearchRequest
from query.model.sorting import parse_sort
from query.model.window import SortKey


def ask(**more: Any) -> SearchRequest:
    return SearchRequest("dress", **more)


def facets(count: int) -> Any:
    return tuple(parse_facet(f"attribute {n}") for n in range(count))


def sizes(size: int) -> Any:
    return (parse_facet(f"brand:{size}"),)


def ranges(count: int) -> Any:
    return (RangesFacet(PRICE, tuple(Range(n, n + 1.0) for n in range(count))),)


def own(count: int) -> SearchRequest:
    names = [f"attribute {n}" for n in range(count)]
    return ask(
        facets=tuple(map(parse_facet, names)),
        filters=tuple(parse_filter(f"{n}=x") for n in names),
    )


def boosts(count: int) -> Any:
    return tuple(parse_boost("0.1 stock") for _ in range(count))


LIMITS: dict[str, tuple[Callable[[], Any], Callable[[], Any], str]] = {
    "facets": (lambda: ask(facets=facets(16)), lambda: ask(facets=facets(17)), "facets is 17"),
    "values": (lambda: ask(facets=sizes(100)), lambda: ask(facets=sizes(101)), "101 values"),
    "no values": (lambda: ask(facets=sizes(1)), lambda: ask(facets=sizes(0)), "0 values"),
    "attribute": (
        lambda: ask(facets=(parse_facet("颜" * 200),)),
        lambda: ask(facets=(parse_facet("颜" * 201),)),
        "201 characters",
    ),
    "ranges": (lambda: ask(facets=ranges(50)), lambda: ask(facets=ranges(51)), "51 ranges"),
    "own filters": (lambda: own(4), lambda: own(5), "5 facets"),
    "sort keys": (
        lambda: ask(sort=parse_sort("price,added,stock,brand")),
        lambda: ask(sort=parse_sort("price,added,stock,brand,relevance")),
        "sort is 5",
    ),
    "reach": (lambda: ask(reach=1_000), lambda: ask(reach=1_001), "reach is 1001"),
    "no reach": (lambda: ask(reach=0), lambda: ask(reach=-1), "reach is -1"),
    "cursor": (
        lambda: ask(cursor="x" * MAX_CURSOR),
        lambda: ask(cursor="x" * (MAX_CURSOR + 1)),
        f"cursor is {MAX_CURSOR + 1}",
    ),
    "boosts": (
        lambda: ask(boosts=boosts(8)),
        lambda: ask(boosts=boosts(9)),
        "9 were given",
    ),
    "points": (lambda: StockBoost(0.5), lambda: StockBoost(0.501), r"0\.501 points"),
    "points below": (lambda: StockBoost(-0.5), lambda: StockBoost(-0.501), r"-0\.501 points"),
    "sum of points": (
        lambda: ask(boosts=(StockBoost(0.5), StockBoost(-0.5))),
        lambda: ask(boosts=(StockBoost(0.5), StockBoost(-0.5), StockBoost(0.01))),
        r"1\.01 points",
    ),
    "pins": (
        lambda: ask(pins=tuple(map(str, range(20)))),
        lambda: ask(pins=tuple(map(str, range(21)))),
        "pins is 21",
    ),
    "buries": (
        lambda: ask(buries=tuple(map(str, range(100)))),
        lambda: ask(buries=tuple(map(str, range(101)))),
        "buries is 101",
    ),
    "ids": (lambda: ask(pins=("商" * 170,)), lambda: ask(pins=("商" * 171,)), "no product's id"),
    "lambda": (lambda: Diversity(1.0), lambda: Diversity(1.01), r"relevance is 1\.01"),
    "lambda below": (lambda: Diversity(0.0), lambda: Diversity(-0.01), r"relevance is -0\.01"),
    "pool": (lambda: Diversity(pool=200), lambda: Diversity(pool=201), "pool is 201"),
    "small pool": (lambda: Diversity(pool=2), lambda: Diversity(pool=1), "pool is 1"),
}


@pytest.mark.parametrize("name", LIMITS)
def test_at_the_limit_it_is_taken_and_one_past_it_is_refused_by_name(name: str) -> None:
    at, past, named = LIMITS[name]
    at()
    with pytest.raises(InputError, match=named) as caught:
        past()
    assert caught.value.cure


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "empty product id": (lambda: ask(buries=("",)), "no product's id"),
    "facet twice": (lambda: ask(facets=(*sizes(5), *sizes(6))), "'brand' is given twice"),
    "facets of": (lambda: ask(facets_of="page"), "'page' are not known"),
    "facet of numbers": (lambda: parse_facet("price"), "'price' cannot be read"),
    "facet of text": (lambda: parse_facet("title"), "'title' cannot be filtered"),
    "facet ranges of words": (lambda: parse_facet("brand=0..1"), "'brand' holds no numbers"),
    "facet step of words": (lambda: parse_facet("price/x"), "'x' is no number"),
    "facet step 0": (lambda: parse_facet("price/0"), r"steps by 0\.0"),
    "facet step NaN": (lambda: HistogramFacet(PRICE, float("nan")), "steps by nan"),
    "facet range": (lambda: parse_facet("price=5"), "'5' is no range"),
    "facet range falls": (lambda: parse_facet("price=5..1"), r"5\.0 to 1\.0 is no range"),
    "facet range open": (lambda: parse_facet("price=.."), "None to None is no range"),
    "facet of days": (lambda: parse_facet("added=x..y"), "'x' is no day"),
    "facet of nothing": (lambda: parse_facet(""), "cannot be read"),
    "sort column": (lambda: ask(sort=parse_sort("title")), "sorting by 'title'"),
    "sort twice": (lambda: ask(sort=parse_sort("price,-price")), "'price' is given twice"),
    "sort direction": (lambda: parse_sort("price:up"), "'price:up' cannot be read"),
    "collapse": (lambda: ask(collapse="title"), "collapsed on 'title'"),
    "min_score": (lambda: ask(min_score=float("nan")), "min_score is nan"),
    "cursor and offset": (lambda: ask(cursor="x", offset=5), "offset 5"),
    "diversity of prices": (
        lambda: ask(sort=parse_sort("price"), diversity=Diversity()),
        "sorted by 'price'",
    ),
    "diversity over": (lambda: Diversity(over="price"), "no vector 'price'"),  # type: ignore[arg-type]  # what a caller may write
    "boost": (lambda: parse_boost("stock"), "'stock' cannot be read"),
    "boost of what": (lambda: parse_boost("0.1 title 1..2"), "no boost for 'title'"),
    "boost of 0": (lambda: parse_boost("0 stock"), r"0\.0 points"),
    "boost NaN": (lambda: StockBoost(float("nan")), "nan points"),
    "boost range": (lambda: parse_boost("0.1 margin 5"), "'5' is no range"),
    "boost range falls": (lambda: RampBoost(0.1, PRICE, 2.0, 1.0), r"2\.0 to 1\.0 is no range"),
    "boost days": (lambda: NewBoost(0.1, 0.0, "2026-01-01"), r"0\.0 days"),
    "boost today": (lambda: NewBoost(0.1, 1.0, "soon"), "'soon' is no day"),
    "boost filter": (lambda: parse_boost("0.1 where title=x"), "'title' cannot be filtered"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused_by_name(name: str) -> None:
    wrong, named = REFUSED[name]
    with pytest.raises(InputError, match=named) as caught:
        wrong()
    assert caught.value.cure


def test_what_people_write_is_read() -> None:
    assert parse_sort("price:desc, added") == (SortKey("price", True), SortKey("added"))
    assert parse_sort("relevance") == (SortKey("relevance", True),)
    assert parse_boost("0.05 stock 3") == StockBoost(0.05, 3.0)
    assert parse_boost("+0.1 margin 0..0.5").columns == ("margin",)
    assert parse_boost("0.1 stock 0..20") == RampBoost(0.1, parse_boost_column("stock"), 0.0, 20.0)
    assert parse_boost("0.1 new 30", today="2026-01-01") == NewBoost(0.1, 30.0, "2026-01-01")
    where = parse_boost("-0.2 where 颜色=红色")
    assert isinstance(where, MatchBoost)
    assert where.filter == parse_filter("颜色=红色")
    facet = parse_facet("price=..50,50..100,100..")
    assert isinstance(facet, RangesFacet)
    assert facet.ranges == (Range(None, 50.0), Range(50.0, 100.0), Range(100.0, None))


def parse_boost_column(name: str) -> Any:
    from query.model.boosts import RAMPED

    return RAMPED[name]
