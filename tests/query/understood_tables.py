"""The tables of queries, and how a reading is compared with them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from query.model.understood import Understood
from query.understand.gazetteer import Gazetteer, gazetteer
from query.understand.lexicon import built_in
from query.understand.vocabulary import Vocabulary

TABLES = Path(__file__).parent / "understood"
BRANDS = (
    "Nike", "adidas", "Apple", "华为", "Sony", "优衣库", "李宁", "小米", "New Balance",
    "The North Face", "Levi's",
)  # fmt: skip
SHOP = Vocabulary(index="tables", brands=dict.fromkeys(BRANDS, 5))


@dataclass(frozen=True, slots=True)
class Case:
    """A query with the head and the properties that a person reads in it."""

    query: str
    head: str
    asks: frozenset[str]


def cases(name: str) -> list[Case]:
    lines = (TABLES / f"{name}.txt").read_text("utf-8").splitlines()
    rows = (line.split("|") for line in lines if line and not line.startswith("#"))
    return [Case(q.strip(), head.strip(), frozenset(_asks(asks))) for q, head, asks in rows]


def _asks(written: str) -> Iterator[str]:
    """``brand=New Balance price=..5`` parted at the words that hold '='."""
    current = ""
    for word in written.split():
        if "=" in word and current:
            yield current
            current = word
        else:
            current = f"{current} {word}".strip()
    if current:
        yield current


def properties(found: Understood) -> frozenset[str]:
    return frozenset(
        f"price={_end(c.low)}..{_end(c.high)}" if c.kind == "price" else f"{c.kind}={c.value}"
        for c in found.constraints
        if c.kind != "category"
    )


def _end(number: float | None) -> str:
    return "" if number is None else f"{number:g}"


def words() -> Gazetteer:
    return gazetteer(built_in(), SHOP)
