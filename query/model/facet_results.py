"""Facet counts, as the answer shows them."""

from dataclasses import dataclass
from typing import Literal

CountedSet = Literal["match_set", "window"]
End = float | str | None


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket of a facet.

    Args:
        value: The value; ``None`` for a range.
        low: A range's lower end, included; a date's as ISO 8601.
        high: Its upper end, excluded.
        count: Products in it.
        chosen: Whether a filter of the request selects it.
    """

    value: str | None
    count: int
    low: End = None
    high: End = None
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class FacetCount:
    """The counts of a facet.

    Args:
        name: The column, or the attribute.
        kind: ``terms``, ``ranges`` or ``histogram``.
        counted: Over which set: ``match_set`` or ``window``. A filter on the facet's own column
            does not narrow its counts over the match set, so that other values can be chosen too.
        buckets: Values by falling count, ranges and steps in their order.
        other: Products under values that are not listed, a product once for each.
    """

    name: str
    kind: str
    counted: CountedSet
    buckets: tuple[Bucket, ...]
    other: int = 0
