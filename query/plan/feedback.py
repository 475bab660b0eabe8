"""Pseudo-relevance feedback: what the best hits of a first search have in common, as a signal.

A query in other words than the catalogue's ("gents tee") still finds some relevant products by
their vectors. What those share (men, t-shirts) is likely what the query meant, so every product
that has it gains. It needs no labels and no training: the vocabulary is the catalogue's values.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mappings.schema import BRAND, CATEGORIES, DELETED, TAGS
from query.model.signals import PseudoRelevanceFeedback

COLUMNS = (BRAND.name, CATEGORIES.name, TAGS.name)
DOCUMENTS = 10
MIN_LIFT = 0.2
MOST_VALUES = 2_000
MAX_AGE = 600.0

Values = Mapping[str, Sequence[str]]
"""Column to a product's values of it."""


@dataclass(frozen=True, slots=True)
class ValueShares:
    """The share of a catalogue's products that have each value.

    Args:
        products: Products counted.
        counts: Column to value to the number of products that have it; rare ones are left out.
    """

    products: int = 0
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def of(self, column: str, value: str) -> float:
        """Return the share of all products that have the value, 0 to 1."""
        return self.counts.get(column, {}).get(value, 0) / max(1, self.products)


def derive_feedback(hits: Iterable[Values], shares: ValueShares) -> PseudoRelevanceFeedback | None:
    """Return the feedback of the best hits, ``None`` if they have nothing in common.

    A value's points are the part of the hits that have it less the part of the catalogue that
    does; values of less than 0.2 are left out. They are divided by the points of a product with
    the best value of every kind (each column, and each attribute by its name), so that 1 is full
    agreement.

    Args:
        hits: The first hits' values.
        shares: The catalogue's own.
    """
    found = list(hits)
    counted: dict[tuple[str, str], int] = defaultdict(int)
    for values in found:
        for column in COLUMNS:
            for value in set(values.get(column, ())):
                counted[column, value] += 1
    lifts = {key: n / len(found) - shares.of(*key) for key, n in counted.items()}
    kept = {key: lift for key, lift in lifts.items() if lift >= MIN_LIFT and counted[key] > 1}
    best: dict[str, float] = defaultdict(float)
    for (column, value), lift in kept.items():
        kind = _kind(column, value)
        best[kind] = max(best[kind], lift)
    full = sum(best.values())
    if not full:
        return None
    points: dict[str, dict[str, float]] = defaultdict(dict)
    for (column, value), lift in sorted(kept.items()):
        points[column][value] = round(lift / full, 6)
    return PseudoRelevanceFeedback({column: dict(values) for column, values in points.items()})


def feedback_value(values: Values, signal: PseudoRelevanceFeedback) -> float:
    """Return the raw value of one product: the sum of the points of its values."""
    return sum(
        signal.points[column].get(value, 0.0)
        for column in signal.points
        for value in set(values.get(column, ()))
    )


def explain_feedback(signal: PseudoRelevanceFeedback) -> str:
    """Return a sentence that names the values with the most points."""
    every = [(p, v) for values in signal.points.values() for v, p in values.items()]
    named = ", ".join(v for _, v in sorted(every, key=lambda pair: (-pair[0], pair[1]))[:4])
    return f"The best hits of a first look have in common: {named}."


def feedback_body(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body that reads the values of the best hits, independent of the page.

    Args:
        body: A plan's whole-window body, which ranks by the formula.
    """
    dropped = ("aggs", "post_filter", "highlight", "script_fields", "_source", "stored_fields")
    kept = {k: v for k, v in body.items() if k not in dropped}
    return kept | {
        "from": 0,
        "size": DOCUMENTS,
        "_source": False,
        "track_total_hits": False,
        "docvalue_fields": list(COLUMNS),
    }


def values_of_rows(rows: Iterable[Mapping[str, Any]]) -> list[Values]:
    """Return the values of the rows that ``feedback_body`` found."""
    return [{c: [str(v) for v in r.get("fields", {}).get(c, ())] for c in COLUMNS} for r in rows]


def shares_body() -> dict[str, Any]:
    """Return the body that counts the catalogue's values."""
    return {
        "size": 0,
        "track_total_hits": True,
        "query": {"bool": {"must_not": [{"term": {DELETED.name: True}}]}},
        "aggs": {c: {"terms": {"field": c, "size": MOST_VALUES}} for c in COLUMNS},
    }


def read_shares(reply: Mapping[str, Any]) -> ValueShares:
    """Return the counts that ``shares_body`` asked for."""
    counts = {
        column: {str(b["key"]): int(b["doc_count"]) for b in found["buckets"]}
        for column, found in reply["aggregations"].items()
    }
    return ValueShares(int(reply["hits"]["total"]["value"]), counts)


class ShareCache:
    """Caches the value shares of the live index for 10 minutes."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[float, ValueShares]] = {}

    def of(self, index: str) -> ValueShares | None:
        """Return the shares of an index, ``None`` if they are not cached or too old."""
        counted, shares = self._entries.get(index, (-MAX_AGE, ValueShares()))
        return shares if time.monotonic() - counted < MAX_AGE else None

    def put(self, index: str, shares: ValueShares) -> None:
        """Cache the shares of an index and drop those of others."""
        self._entries = {index: (time.monotonic(), shares)}


def retrieve_feedback(
    send: Callable[[dict[str, Any]], dict[str, Any]],
    window: Mapping[str, Any],
    index: str,
    cache: ShareCache,
) -> PseudoRelevanceFeedback | None:
    """Return the feedback of a plan's best hits, ``None`` if they have nothing in common.

    Args:
        send: Sends a search body to the index and returns the reply.
        window: The plan's whole-window body.
        index: The concrete index.
        cache: Value shares by index; counted now if they are missing.

    Raises:
        LegFailed: The engine refused, or not in time.
        IndexGone: There is no such index any more.
    """
    shares = cache.of(index)
    if shares is None:
        shares = read_shares(send(shares_body()))
        cache.put(index, shares)
    return derive_feedback(values_of_rows(send(feedback_body(window))["hits"]["hits"]), shares)


def _kind(column: str, value: str) -> str:
    """Return the kind of a value, of which the best counts: a column, or an attribute's name."""
    return f"{column}/{value.partition('=')[0]}" if column == TAGS.name else column
