"""A suggestion: a whole query that a person may be about to type, and how it was found."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Source = Literal["query", "category", "brand", "value", "word", "title"]
MatchKind = Literal["prefix", "word", "pinyin", "initials", "last word", "correction"]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One completion.

    Args:
        text: The whole query.
        source: Where it comes from: a popular ``query``, or the catalogue's ``category``,
            ``brand``, attribute ``value``, title ``word`` or ``title``.
        count: Times that it was asked, or products that have it.
        found: How what was typed leads to it.
    """

    text: str
    source: Source
    count: int
    found: MatchKind


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What is suggested for what was typed, best first."""

    typed: str
    suggestions: tuple[Suggestion, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)
