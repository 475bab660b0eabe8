"""The mixture: examples, further texts and directions of a request."""

import math
from dataclasses import dataclass

from encoders.crop import Box
from mappings.errors import InputError
from query.model.input_limits import MAX_TEXT, MAX_WEIGHT, is_product_id, plain_text

MAX_LIKE = 8
MAX_ALSO = 3
MAX_STRENGTH = 4.0


@dataclass(frozen=True, slots=True)
class Mixture:
    """Examples, further words and directions.

    Args:
        like: Ids of at most 8 products that are asked for more of; they are not among the hits.
        also: At most 3 further texts; together with the first at most 200 characters.
        but: Words that the examples are moved towards: "this, but in red".
        without: Words that the query vector is moved away from.
        strength: How far ``but`` and ``without`` move vectors, 0 to 4; 1 is the tuned default.
        picture_weights: A weight for each picture, then for each product of ``like``; equal ones
            where left out.
        boxes: For each picture the region to encode, ``None`` for all of it.
        subject: Whether pictures without a box are cropped to their subject.

    Raises:
        InputError: A limit is passed; the message names it.
    """

    like: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    but: str = ""
    without: str = ""
    strength: float = 1.0
    picture_weights: tuple[float, ...] = ()
    boxes: tuple[Box | None, ...] = ()
    subject: bool = False

    def __post_init__(self) -> None:
        _require(len(self.like) <= MAX_LIKE, "like", len(self.like), MAX_LIKE)
        _require(len(self.also) <= MAX_ALSO, "also", len(self.also), MAX_ALSO)
        if bad := [i for i in self.like if not is_product_id(i)]:
            raise InputError(f"{bad[0][:40]!r} is no product's id.", "Give ids of the catalogue.")
        if len(set(self.like)) < len(self.like):
            raise InputError("A product of 'like' is given twice.", "Give it more weight instead.")
        for what in ("but", "without"):
            letters = len(plain_text(getattr(self, what)))
            _require(letters <= MAX_TEXT, f"The length of {what!r}", letters, MAX_TEXT)
        if not (math.isfinite(self.strength) and 0 <= self.strength <= MAX_STRENGTH):
            raise InputError(f"strength is {self.strength}.", f"Give 0 to {MAX_STRENGTH:g}.")
        weights = self.picture_weights
        if any(not 0 <= w <= MAX_WEIGHT for w in weights) or (weights and not any(weights)):
            raise InputError(
                f"Picture weights are {', '.join(f'{w:g}' for w in weights)}.",
                f"Give numbers from 0 to {MAX_WEIGHT:,.0f}, one of them above 0.",
            )

    @property
    def is_plain(self) -> bool:
        """Whether the request has words and pictures only."""
        return self == PLAIN

    def require(self, text: str, pictures: int) -> None:
        """Check the mixture against the request that it is part of.

        Args:
            text: The request's words, plain.
            pictures: How many uploads it has.

        Raises:
            InputError: Words to move towards without an example, further texts without a first,
                weights or boxes of another number than there are pictures, too many characters.
        """
        examples = pictures + len(self.like)
        if self.but and not examples:
            raise InputError(
                f"There is nothing that is to be {self.but[:40]!r}.",
                "Give a picture or a product's id beside it, or write the words as the query.",
            )
        if self.also and not text:
            raise InputError("Further texts come without a first.", "Give the query's words.")
        letters = len(text) + sum(len(plain_text(one)) + 1 for one in self.also)
        _require(not self.also or letters <= MAX_TEXT, "The texts' length", letters, MAX_TEXT)
        if self.picture_weights and len(self.picture_weights) != examples:
            raise InputError(
                f"There are {len(self.picture_weights)} picture weights for {examples} examples.",
                "Give one for each picture, then one for each product of 'like'.",
            )
        if self.boxes and len(self.boxes) != pictures:
            raise InputError(
                f"There are {len(self.boxes)} boxes for {pictures} pictures.",
                "Give one for each picture; an empty one for a whole picture.",
            )


def _require(met: bool, what: str, given: int, limit: int) -> None:
    if not met:
        raise InputError(f"{what} is {given}; 0 to {limit} are allowed.", "Ask for less.")


PLAIN = Mixture()
