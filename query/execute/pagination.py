"""The page: a window boosted, cut, ordered, placed and collapsed, and the part that is shown."""

from collections.abc import Sequence
from dataclasses import dataclass

from query.model.boosts import Boost, boost, columns_of
from query.model.cursor import Position, digest
from query.model.placement import Placement, pinned, place
from query.model.request import MAX_DEPTH, SearchRequest
from query.model.sorting import by_relevance
from query.model.window import RELEVANCE, Candidate, Window, card_key, collapse, cut, order


@dataclass(frozen=True, slots=True)
class Arranged:
    """A window in its final order.

    Args:
        products: After boosts, cut, order and placement; what window facets count.
        cards: The same, collapsed where that was asked for.
    """

    products: Window
    cards: Window

    @property
    def reachable(self) -> int:
        """Cards that can be paged to."""
        return min(len(self.cards.candidates), MAX_DEPTH)


def columns_needed(request: SearchRequest, boosts: Sequence[Boost]) -> tuple[str, ...]:
    """Return the columns whose doc values arranging the window needs, each once."""
    needed = [key.column for key in request.sort if key.column != RELEVANCE]
    needed += [request.collapse] if request.collapse else []
    needed += columns_of(boosts)
    if request.facets_of == "window":
        needed += [facet.column.name for facet in request.facets]
    return tuple(dict.fromkeys(needed))


def arrange(
    window: Window,
    request: SearchRequest,
    boosts: Sequence[Boost] = (),
    placements: Sequence[Placement] = (),
) -> Arranged:
    """Return the window boosted, cut, ordered, placed and collapsed, in this order.

    Placements hold where hits are ordered by relevance: who sorts by price gets prices in order.

    Args:
        window: The candidates with the doc values of ``columns_needed``.
        request: What was asked.
        boosts: The request's and the rules'.
        placements: The request's and the rules'.
    """
    found = boost(window, boosts)
    placed = placements if by_relevance(request.sort) else ()
    if request.min_score is not None:
        found = cut(found, request.min_score, pinned(placed))
    found = place(order(found, request.sort), placed)
    return Arranged(found, collapse(found, request.collapse) if request.collapse else found)


def turn(
    cards: Window, request: SearchRequest, position: Position
) -> tuple[tuple[Candidate, ...], Position | None]:
    """Return the page, and the position behind it; ``None`` when nothing is left to be seen.

    With a cursor the page is the first cards in today's order that were not shown yet. So none is
    shown twice and none that can be reached is left out, whatever was written in between.

    Args:
        cards: The cards in their final order.
        request: Page size, and offset where there is no cursor.
        position: Where the cursor says that the last page ended.
    """

    def mark(card: Candidate) -> bytes:
        return digest(card_key(card, request.collapse))

    fresh = cards.candidates[:MAX_DEPTH]
    if position.seen:
        fresh = tuple(card for card in fresh if mark(card) not in position.seen)
    end = request.offset + request.size
    seen = position.seen | {mark(card) for card in fresh[:end]}
    left = len(fresh) > end and len(seen) < MAX_DEPTH and request.size
    return fresh[request.offset : end], Position(seen, position.reach) if left else None
