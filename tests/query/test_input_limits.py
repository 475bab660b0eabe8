"""Readers of outside text: each is timed at its limit with hostile text, and each limit is held."""

import ast
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_query_rewriter import CHINESE, WORDS

from encoders.crop import Box
from mappings.errors import InputError
from mappings.schema import ADDED, PRICE
from query.encode.directions import mixed
from query.model.boosts import NewBoost, RampBoost, StockBoost, parse_boost
from query.model.cursor import MAX_CURSOR, MAX_REACH, Position
from query.model.cursor import read as read_cursor
from query.model.cursor import write as write_cursor
from query.model.diversity import Diversity
from query.model.facets import HistogramFacet, Range, RangesFacet, parse_facet
from query.model.filters import Between, milliseconds, parse_filter
from query.model.fusions import parse_fusion
from query.model.input_limits import MAX_EXPRESSION, MAX_RAW, MAX_TEXT, plain_text
from query.model.intent import script_of, understand
from query.model.mixture import Mixture
from query.model.placement import require_placement
from query.model.profiles import DEFAULT, Profile, weigh
from query.model.request import SearchRequest
from query.model.signals import WORDS as COLUMNS
from query.model.signals import Lexical
from query.model.sorting import parse_sort
from query.model.understanding import read_treatments
from query.plan.lexical import lexical_query
from query.rules.book import Rule, RuleBook
from query.suggest.completions import Fold
from query.suggest.suggester import Suggester
from query.understand.catalogue_reading import CatalogueReading
from query.understand.lexicon import built_in
from query.understand.live_words import LiveWords
from query.understand.price import find_price
from query.understand.sizes import find_model_number, find_sizes, plain_size

SECONDS = 0.02
RUNS = 9
READING = CatalogueReading(LiveWords(None, built_in(), CHINESE))
SUGGESTER = Suggester(WORDS.completions, Fold(CHINESE.simplified), lambda text: "")
RULES = RuleBook(
    1, (), tuple(Rule(f"r{n}", tuple(f"a{n} {k}" for k in range(20)), "contains")
                 for n in range(1_000)),
)  # fmt: skip


def read_text(text: str) -> object:
    return READING.read_text(SearchRequest(text), WORDS)


def read_mixture(text: str) -> object:
    return SearchRequest("a", mixture=Mixture(but=text, without=text, also=(text,), like=("1",)))


def read_lexical(text: str) -> object:
    return lexical_query(Lexical(COLUMNS), text, script_of(text))


# Every function that reads text from outside, its limit in characters, and how its texts begin.
READERS: dict[str, tuple[Callable[[str], Any], int, tuple[str, ...]]] = {
    "parse_filter": (parse_filter, MAX_EXPRESSION, ("", "price=", "price<", "brand=", "added>")),
    "parse_facet": (parse_facet, MAX_EXPRESSION, ("", "price=", "price/", "brand:", "added=")),
    "parse_boost": (
        parse_boost, MAX_EXPRESSION,
        ("", "0.1 ", "0.1 where ", "0.1 where brand=", "0.1 new ", "0.1 margin ", "0.1 stock"),
    ),
    "parse_sort": (parse_sort, MAX_EXPRESSION, ("", "-", "price:", "price,")),
    "parse_fusion": (parse_fusion, MAX_EXPRESSION, ("", "rrf:", "rrf:depth=")),
    "milliseconds": (lambda t: milliseconds("added", t), MAX_EXPRESSION, ("", "2026-01-31")),
    "read_treatments": (lambda t: read_treatments([t]), MAX_EXPRESSION, ("", "price=")),
    "read_cursor": (lambda t: read_cursor(t, bytes(8), b"key"), MAX_CURSOR, ("", "AQ")),
    "plain_text": (plain_text, MAX_RAW, ("",)),
    "SearchRequest": (lambda t: understand(SearchRequest(t)), MAX_RAW, ("",)),
    "Mixture": (read_mixture, MAX_TEXT, ("",)),
    "require_placement": (lambda t: require_placement([t] * 20, [t] * 100), MAX_EXPRESSION, ("",)),
    "read_text": (read_text, MAX_TEXT, ("", "$", "size ", "between ", "价格", "under ", "女")),
    "find_price": (
        lambda t: find_price(t, built_in().currencies), MAX_TEXT, ("", "$", "价格", "超过")
    ),
    "find_sizes": (find_sizes, MAX_TEXT, ("", "size ", "uk ")),
    "plain_size": (plain_size, MAX_TEXT, ("",)),
    "find_model_number": (lambda t: find_model_number(t, []), MAX_TEXT, ("", "a1")),
    "lexical_query": (read_lexical, MAX_TEXT, ("",)),
    "suggest": (lambda t: SUGGESTER.suggest(t), MAX_TEXT, ("", "红")),
    "rules": (RULES.matching, MAX_TEXT, ("", "a1 ")),
}  # fmt: skip
UNITS = (
    " ", "\u3000", "\t", "\0", "9", "1,", "9 ", "9.", "9-", "0.5 ", "1..2,", "..", ".", ",", "(",
    "[", "{", ")(", "'", '"', "a'", "=", "<", ">", "<=", "-", "--", "+", "/", ":", "|", "\\", "*",
    "a", "a ", "a-", "A1", "x9", "xl ", "的", "一", "十", "一十", "万", "零", "元", "9元", "9-9元",
    "到", "裙", "连衣裙", "連衣裙", "drees ", "lianyiqun", "yifu ",
    "$", "$9", "9k", "under ", "9cm",
    "size ", "e\u0301", "\u0316\u0300", "\u05ae\u0315\u0300", "\ufdfa", "\u1e9b\u0323", "ẍ",
    "\u200b", "\u202e", "👩\u200d👧", "\u1100\u1161\u11a8", "İ", "ß", "½", "１", "\ud800",
)  # fmt: skip


def filled(head: str, unit: str, limit: int) -> str:
    return (head + unit * limit)[:limit]


def quickest(read: Callable[[str], Any], text: str) -> float:
    """Return the least processor time of several runs, in seconds."""
    least = float("inf")
    for _ in range(RUNS):
        started = time.thread_time()
        with suppress(InputError):
            read(text)
        least = min(least, time.thread_time() - started)
        if least <= SECONDS:
            break
    return least


@pytest.mark.parametrize("name", READERS)
def test_no_text_at_the_limit_takes_longer_than_20_milliseconds(name: str) -> None:
    read, limit, heads = READERS[name]
    slow = {
        (head, unit): took
        for head in heads
        for unit in UNITS
        if (took := quickest(read, filled(head, unit, limit))) > SECONDS
    }
    assert slow == {}


def parsers() -> Iterator[str]:
    """Yield the functions of the read path whose name and first argument say that they parse."""
    for folder in ("query", "serve"):
        for path in (Path(__file__).parents[2] / folder).rglob("*.py"):
            for node in ast.parse(path.read_text("utf-8")).body:
                if isinstance(node, ast.FunctionDef) and node.args.args:
                    first = node.args.args[0].annotation
                    text = isinstance(first, ast.Name) and first.id == "str"
                    verb = node.name.split("_")[0]
                    if text and verb in ("parse", "find", "read", "plain") and "_" in node.name:
                        yield node.name


def test_every_parser_is_in_the_list() -> None:
    found = set(parsers())
    assert found <= READERS.keys()
    assert len(found) >= 9


@pytest.mark.parametrize(
    ("read", "what"),
    [
        (parse_filter, "Filter"), (parse_facet, "Facet"), (parse_boost, "Boost"),
        (parse_sort, "Sort key"), (parse_fusion, "Fusion"),
    ],
)  # fmt: skip
def test_a_written_form_has_at_most_500_characters(read: Callable[[str], Any], what: str) -> None:
    for long in (" " * 501, "a" * 501, "\ufdfa" * 30):  # the last has 540 after NFKC
        with pytest.raises(InputError, match=rf"{what} .* characters; 500 are allowed"):
            read(long)


def test_a_written_form_of_500_characters_is_read() -> None:
    assert parse_filter("颜色=" + ",".join(["红"] * 248) + "色").clause()
    assert parse_facet("price=" + ",".join(["1..2"] * 50))
    assert parse_boost("0.1 where brand=" + ",".join(["x" * 11] * 40)).points == 0.1
    assert len(parse_sort(",".join(["price"] * 83))) == 83


@pytest.mark.parametrize("marks", [MAX_RAW + 1, 30_000])
def test_a_query_is_measured_before_it_is_normalized(marks: int) -> None:
    """Thirty thousand combining marks took Unicode's normal form nine seconds."""
    long = "\u0316\u0300" * (marks // 2 + 1)
    started = time.perf_counter()
    for make in (
        lambda: SearchRequest(long),
        lambda: SUGGESTER.suggest(long),
        lambda: Mixture(but=long),
        lambda: SearchRequest("a", mixture=Mixture(also=(long,))),
    ):
        with pytest.raises(InputError, match=f"{len(long)} characters; 1000 are allowed"):
            make()
    assert time.perf_counter() - started < 1.0


def test_a_query_whose_letters_are_several_code_points_is_not_too_long() -> None:
    assert SearchRequest("\u1100\u1161\u11a8" * MAX_TEXT)


def test_words_of_a_direction_are_counted_after_normal_form() -> None:
    with pytest.raises(InputError, match="'but' is 216; 0 to 200"):
        Mixture(but="\ufdfa" * 12)


HUGE = (1e16, 1e160, 1e308, -1e308, float("inf"), float("nan"))


@pytest.mark.parametrize("number", HUGE)
@pytest.mark.parametrize(
    "make",
    [
        lambda n: SearchRequest("a", weights={"lexical": n, "image": n}),
        lambda n: SearchRequest("a", mixture=Mixture(like=("1", "2"), picture_weights=(n, 1.0))),
        lambda n: Mixture(strength=n),
        lambda n: SearchRequest("a", min_score=n),
        lambda n: Between(PRICE, n, None),
        lambda n: Between(ADDED, None, n),
        lambda n: RangesFacet(PRICE, (Range(None, n),)),
        lambda n: HistogramFacet(PRICE, n),
        lambda n: HistogramFacet(PRICE, 1.0, n),
        lambda n: RampBoost(0.1, PRICE, n, 1.0) if n < 0 else RampBoost(0.1, PRICE, 0.0, n),
        lambda n: StockBoost(0.1, n),
        lambda n: StockBoost(n),
        lambda n: NewBoost(0.1, n, "2026-01-31"),
        lambda n: Profile("p", {"lexical": n}),
        lambda n: Diversity(n),
        lambda n: Box(0.0, 0.0, n, 1.0),
    ],
)
def test_a_number_that_would_overflow_is_refused(
    make: Callable[[float], Any], number: float
) -> None:
    with pytest.raises(InputError) as caught:
        make(number)
    assert caught.value.cure


def test_an_interval_too_small_to_be_told_apart_is_refused() -> None:
    with pytest.raises(InputError, match="1e-06 to 1e\\+15"):
        HistogramFacet(PRICE, 1e-320)


def test_tiny_weights_are_shares_like_any_others() -> None:
    rows = [np.eye(2, dtype=np.float32)[n] for n in (0, 1)]
    assert mixed(rows, [1e-300, 1e-300]) == pytest.approx(mixed(rows, [1.0, 1.0]))
    assert weigh(DEFAULT, {"lexical": 5e-324, "text": 5e-324}, ("lexical", "text")) == {
        "lexical": 0.5, "text": 0.5
    }  # fmt: skip


def test_a_cursors_reach_never_passes_the_limit_of_a_request() -> None:
    sealed = write_cursor(Position(frozenset(), 65_535), bytes(8), b"key")
    assert read_cursor(sealed, bytes(8), b"key").reach == MAX_REACH
    with pytest.raises(InputError, match=f"0 to {MAX_REACH} are allowed"):
        SearchRequest("a", reach=MAX_REACH + 1)
