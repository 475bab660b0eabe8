"""Diversity: how much relevance a request gives up so that neighbours are less alike."""

from dataclasses import dataclass
from typing import Literal, get_args

from mappings.errors import InputError

Likeness = Literal["text", "image", "attribute"]
LIKENESSES: tuple[Likeness, ...] = get_args(Likeness)
MAX_POOL = 200


@dataclass(frozen=True, slots=True)
class Diversity:
    """How much relevance is given up so that neighbours on the page are less alike.

    Args:
        relevance: Lambda of the maximal marginal relevance, in [0, 1]: 1 changes nothing, 0 looks
            at likeness alone.
        over: The vector whose similarity is compared.
        pool: How many of the first cards are reordered, at most 200; their vectors are read.

    Raises:
        InputError: Naming what was given and what is allowed.
    """

    relevance: float = 0.7
    over: Likeness = "image"
    pool: int = 100

    def __post_init__(self) -> None:
        if not 0.0 <= self.relevance <= 1.0:
            raise InputError(
                f"diversity: relevance is {self.relevance}; 0 to 1 are allowed.",
                "1 keeps the order, 0.7 is a usual choice.",
            )
        if self.over not in LIKENESSES:
            raise InputError(
                f"diversity: there is no vector {str(self.over)[:40]!r}.",
                f"Choose one of {', '.join(LIKENESSES)}.",
            )
        if not 2 <= self.pool <= MAX_POOL:
            raise InputError(
                f"diversity: pool is {self.pool}; 2 to {MAX_POOL} are allowed.", "Ask for less."
            )
