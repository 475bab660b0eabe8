"""Signals: ways of scoring a product, and their names in weights and explanations."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from mappings.errors import InputError
from mappings.fields import Measured, NestedPictures, Text, Vector
from mappings.schema import BRAND, CATEGORIES, COHERENCE, DESCRIPTION, TAG_WORDS, TITLE, Schema

Similarity = Literal["cosine", "dot", "euclidean"]
Side = Literal["text", "picture", "visual"]
"""What a vector signal compares: the words' meaning, the pictures, or what the words look like."""
ImageMode = Literal["pooled", "best"]
SIMILARITIES: tuple[Similarity, ...] = get_args(Similarity)
IMAGE_MODES: tuple[ImageMode, ...] = get_args(ImageMode)

NAMES = (
    "lexical",
    "text",
    "image",
    "attribute",
    "picture_image",
    "picture_attribute",
    "coherence",
    "agreement",
)
VECTOR_NAMES = ("text", "image", "attribute", "picture_image", "picture_attribute")


@dataclass(frozen=True, slots=True)
class Lexical:
    """BM25 of the query's words over text columns, each with its boost."""

    fields: tuple[tuple[Text, float], ...]
    name: str = "lexical"


@dataclass(frozen=True, slots=True)
class VectorSignal:
    """The similarity of a query vector and one vector column."""

    name: str
    field: Vector
    side: Side
    similarity: Similarity = "cosine"


@dataclass(frozen=True, slots=True)
class BestPicture:
    """The similarity of a query vector and the product's best picture."""

    name: str
    field: NestedPictures
    side: Side
    similarity: Similarity = "cosine"


@dataclass(frozen=True, slots=True)
class Stored:
    """A number that was measured at ingest and does not depend on the query."""

    name: str
    field: Measured


@dataclass(frozen=True, slots=True)
class PseudoRelevanceFeedback:
    """The share of the best hits' common values that a product has, 0 to 1.

    Args:
        points: Column to value to points; a product with the best value of every kind has 1.
    """

    points: Mapping[str, Mapping[str, float]]
    name: str = "agreement"


Signal = Lexical | VectorSignal | BestPicture | Stored | PseudoRelevanceFeedback

WORDS = ((TITLE, 3.0), (BRAND, 2.0), (CATEGORIES, 2.0), (TAG_WORDS, 1.5), (DESCRIPTION, 1.0))


def signals_of(
    schema: Schema,
    image_mode: ImageMode,
    similarity: Mapping[str, Similarity],
    *,
    has_visual: bool = False,
) -> tuple[Signal, ...]:
    """Return every signal there is, in the order in which they are explained.

    Args:
        schema: The index's columns.
        image_mode: ``pooled`` for one vector of all pictures, ``best`` for the best picture.
        similarity: Signal name to similarity, for those that are not to be cosine.
        has_visual: Whether the query says what its words look like.
    """

    def image(name: str, side: Side) -> Signal:
        kind = similarity.get(name, "cosine")
        if image_mode == "best":
            return BestPicture(name, schema.pictures, side, kind)
        return VectorSignal(name, schema.image_vector, side, kind)

    def vector(name: str, field: Vector, side: Side) -> Signal:
        return VectorSignal(name, field, side, similarity.get(name, "cosine"))

    return (
        Lexical(WORDS),
        vector("text", schema.text_vector, "text"),
        image("image", "visual" if has_visual else "text"),
        vector("attribute", schema.attribute_vector, "text"),
        image("picture_image", "picture"),
        vector("picture_attribute", schema.attribute_vector, "picture"),
        Stored("coherence", COHERENCE),
    )


def column_of(signal: Signal) -> str | None:
    """Return the column that the signal compares, ``None`` for one that compares several."""
    return None if isinstance(signal, Lexical | PseudoRelevanceFeedback) else signal.field.name


def require_similarities(given: Mapping[str, str]) -> None:
    """Refuse similarities for signals or of kinds that do not exist.

    Raises:
        InputError: Naming what is allowed.
    """
    for name, kind in given.items():
        if name not in VECTOR_NAMES:
            raise InputError(
                f"There is no vector signal {name!r}.", f"There are {', '.join(VECTOR_NAMES)}."
            )
        if kind not in SIMILARITIES:
            raise InputError(
                f"Similarity {kind!r} of {name!r} is not known.",
                f"Choose one of {', '.join(SIMILARITIES)}.",
            )
