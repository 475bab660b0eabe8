"""Post-processing: boosts, cut, order, placements and collapsing of a window."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from query.model.boosts import MAX_SUM, Boost, MatchBoost, boost, columns_of, parse_boost
from query.model.filters import parse_filter
from query.model.intent import Intent
from query.model.placement import Placement, pinned, place
from query.model.profiles import DEFAULT, Profile
from query.model.request import MAX_DEPTH, SearchRequest
from query.model.sorting import by_relevance
from query.model.window import RELEVANCE, Window, collapse, drop_below, order

DOUBLED = 0.1
"""Points for a rule's factor of 2; a factor of 1/2 subtracts as many."""


def boosts_of(intent: Intent, profile: Profile = DEFAULT) -> tuple[Boost, ...]:
    """Return the boosts of request, profile and rules, scaled to at most one point together.

    A rule's factor f becomes 0.1 log2(f) points: scores are sums, so that products of factors and
    scores could not be explained by parts that add up.

    Args:
        intent: The request understood.
        profile: The request's.
    """
    asked: list[Boost] = [*intent.request.boosts, *map(parse_boost, profile.boosts)]
    for rule in intent.understood.rules:
        for written, factor in rule.boosts:
            if points := DOUBLED * math.log2(factor):
                asked.append(MatchBoost(points, parse_filter(written), rule.id))
    total = math.fsum(abs(b.points) for b in asked)
    if total <= MAX_SUM:
        return tuple(asked)
    return tuple(replace(b, points=b.points * MAX_SUM / total) for b in asked)


def placements_of(intent: Intent) -> tuple[Placement, ...]:
    """Return the placements of request and rules that place any product."""
    request = intent.request
    every = [Placement(request.pins, request.buries)]
    every += [Placement(rule.pins, rule.buries, rule.id) for rule in intent.understood.rules]
    return tuple(p for p in every if p.pins or p.buries)


@dataclass(frozen=True, slots=True)
class ProcessedWindow:
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
    """Return the columns whose doc values post-processing reads, each once."""
    needed = [key.column for key in request.sort if key.column != RELEVANCE]
    needed += [request.collapse] if request.collapse else []
    needed += columns_of(boosts)
    if request.facets_of == "window":
        needed += [facet.column.name for facet in request.facets]
    return tuple(dict.fromkeys(needed))


def post_process(
    window: Window,
    request: SearchRequest,
    boosts: Sequence[Boost] = (),
    placements: Sequence[Placement] = (),
) -> ProcessedWindow:
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
        found = drop_below(found, request.min_score, pinned(placed))
    found = place(order(found, request.sort), placed)
    return ProcessedWindow(found, collapse(found, request.collapse) if request.collapse else found)
