"""A span: a stretch of a text that names an attribute's value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Characters ``start`` to ``end`` (exclusive) of a text, and the attribute they are a value of.

    Args:
        start: First character.
        end: One past the last character.
        name: The attribute's name; empty where it is not known.
    """

    start: int
    end: int
    name: str = ""


def without_overlaps(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the spans without overlaps, the longer before the earlier, in the text's order."""
    kept: list[Span] = []
    taken: set[int] = set()
    for span in sorted(spans, key=lambda s: (s.start - s.end, s.start, s.name)):
        places = range(span.start, span.end)
        if places and not taken.intersection(places):
            kept.append(span)
            taken.update(places)
    return tuple(sorted(kept))


def occurrences(text: str, value: str) -> list[int]:
    """Return every place where a value begins in a text; both plain."""
    places, start = list[int](), text.find(value)
    while value and start >= 0:
        places.append(start)
        start = text.find(value, start + 1)
    return places
