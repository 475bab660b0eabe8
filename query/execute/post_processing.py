"""Arrangement: which boosts and placements hold for a search, the request's and the rules'."""

import math
from dataclasses import replace

from mappings.errors import InputError
from mappings.index import CatalogueIndex
from query.encode.texts import worded
from query.model.boosts import MAX_SUM, Boost, MatchBoost, parse_boost
from query.model.filters import parse_filter
from query.model.intent import Intent
from query.model.placement import Placement
from query.model.profiles import DEFAULT, Profile
from query.model.request import SearchRequest
from query.model.window import RELEVANCE

DOUBLED = 0.1
"""Points for a rule's factor of 2; a factor of 1/2 takes as many off."""


def boosts_of(intent: Intent, profile: Profile = DEFAULT) -> tuple[Boost, ...]:
    """Return the request's boosts, the profile's and the rules', together at most one point.

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
    """Return the request's placement and the rules', those that place nothing left out."""
    request = intent.request
    every = [Placement(request.pins, request.buries)]
    every += [Placement(rule.pins, rule.buries, rule.id) for rule in intent.understood.rules]
    return tuple(p for p in every if p.pins or p.buries)


def require_pictures(intent: Intent, examples: bool, index: CatalogueIndex) -> None:
    """Refuse to ask an index that was made without pictures with nothing but a picture.

    Args:
        intent: The request understood.
        examples: Whether it asks for more of stored products, too.
        index: The live index.

    Raises:
        InputError: It does.
    """
    if intent.request.pictures and not (index.identity.image or examples or worded(intent)):
        raise InputError(
            f"Index {index.name!r} was made without pictures: it cannot be asked with one alone.",
            "Ask with words; to search by pictures, correct the catalogue's paths to them, then"
            " `shelfsight index create CATALOGUE`, an ingest, and `index swap`.",
        )


def require_columns(request: SearchRequest, index: CatalogueIndex) -> None:
    """Refuse to sort by, collapse on or count a column that the live index does not have.

    Raises:
        InputError: The column is named, and the index.
    """
    asked = [key.column for key in request.sort if key.column != RELEVANCE]
    asked += [request.collapse] if request.collapse else []
    asked += [facet.column.name for facet in request.facets]
    there = index.mapping.get("properties", {})
    if lacking := [column for column in asked if column not in there]:
        raise InputError(
            f"Index {index.name!r} has no column {lacking[0]!r}.",
            "Build the index anew with this version: `shelfsight index create`.",
        )
