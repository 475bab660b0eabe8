"""The window: a query's candidates with their exact scores, ordered, cut, collapsed and paged."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from query.model.result import Contribution

Value = float | str
Values = Mapping[str, tuple[Value, ...]]
Relation = Literal["eq", "gte"]
RELEVANCE = "relevance"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One product that the formula (or another fusion) scored.

    Args:
        id: The product's id.
        score: Its score, boosts included; the sum of all its contributions' points.
        values: Column to doc values, for sorting, collapsing, boosts and window facets; a column
            that the product lacks is left out or empty.
        contributions: The signals' shares of the score; ``None`` when they are read with the page.
        boosts: The boosts' shares.
        variants: Ids of the products behind this card, in order, itself excluded.
        placed: Whether it was pinned or buried, and by which rule.
    """

    id: str
    score: float
    values: Values = field(default_factory=dict)
    contributions: tuple[Contribution, ...] | None = None
    boosts: tuple[Contribution, ...] = ()
    variants: tuple[str, ...] = ()
    placed: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """The candidates of a request, in their order, and what they were taken from.

    Args:
        candidates: Each product once.
        total: Products in the match set.
        total_relation: ``eq`` when ``total`` is exact, ``gte`` when there are more.
        depth: Candidates that a shard was asked for.
    """

    candidates: tuple[Candidate, ...]
    total: int
    total_relation: Relation
    depth: int


@dataclass(frozen=True, slots=True)
class SortKey:
    """A column to sort by, or ``relevance``; products that lack the column come last either way."""

    column: str
    descending: bool = False


def order(window: Window, keys: Sequence[SortKey] = ()) -> Window:
    """Return the window in order: by the keys, then by score, equal scores by id.

    Args:
        window: The candidates, in any order.
        keys: The first decides; a product with several values counts with its lowest ascending,
            with its highest descending.
    """
    ordered = sorted(window.candidates, key=lambda c: (-c.score, c.id))
    for key in reversed(keys):  # sorting is stable: the first key is applied last
        ordered = _by(ordered, key)
    return replace(window, candidates=tuple(ordered))


def _by(candidates: list[Candidate], key: SortKey) -> list[Candidate]:
    if key.column == RELEVANCE:
        return sorted(candidates, key=lambda c: c.score if not key.descending else -c.score)
    having = [c for c in candidates if c.values.get(key.column)]
    lacking = [c for c in candidates if not c.values.get(key.column)]
    if key.descending:
        # Not reverse=True alone: it keeps equals in their order, which is what we want.
        return sorted(having, key=lambda c: max(c.values[key.column]), reverse=True) + lacking
    return sorted(having, key=lambda c: min(c.values[key.column])) + lacking


def drop_below(window: Window, least: float, spared: Collection[str] = ()) -> Window:
    """Return the window without the candidates that score below ``least``, ``spared`` ids aside."""
    kept = tuple(c for c in window.candidates if c.score >= least or c.id in spared)
    return replace(window, candidates=kept)


def collapse(window: Window, column: str) -> Window:
    """Return the window with one card for each value of a column: its first candidate.

    A product that lacks the column is a card of its own; of several values the first counts.

    Args:
        window: The candidates, in their final order.
        column: A keyword column that every candidate's ``values`` were read for.
    """
    behind: dict[str, list[str]] = {}
    cards: dict[str, Candidate] = {}
    for candidate in window.candidates:
        key = card_key(candidate, column)
        if key in cards:
            behind[key].append(candidate.id)
        else:
            cards[key], behind[key] = candidate, []
    kept = tuple(
        replace(card, variants=tuple(behind[key])) if behind[key] else card
        for key, card in cards.items()
    )
    return replace(window, candidates=kept)


def card_key(candidate: Candidate, column: str = "") -> str:
    """Return what makes two candidates one card: the column's value, else the product's id."""
    values = candidate.values.get(column) if column else None
    # The first character distinguishes a group from a product of the same name.
    return f"g{values[0]}" if values else own_key(candidate.id)


def own_key(product: str) -> str:
    """Return what makes a product a card of its own."""
    return f"p{product}"


def page(window: Window, offset: int, size: int) -> tuple[Candidate, ...]:
    """Return the page of ``size`` candidates behind the first ``offset``."""
    return window.candidates[offset : offset + size]
