"""Query vectors: what the request's words and pictures mean, encoded once and remembered."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from encoders.concepts.concept_expander import PendingMeanings
from encoders.concepts.concept_space import LikelyConcept
from encoders.crop import Box
from encoders.picture_size import PictureSize, Pixels
from encoders.protocol import ImageEncoder, TextEncoder
from encoders.query_expander import ExpandedQuery, VisualQueryExpander
from mappings.errors import InputError, ShelfsightError
from query.input_limits import plain_text
from query.intent import Intent, script_of
from query.memory import Memory
from query.queries.directions import direction, mixed, moved
from query.queries.mixture import Mixture
from query.queries.stored import Example
from query.queries.subject import Spotter
from query.request import SearchRequest

Vector = NDArray[np.float32]
T = TypeVar("T")
WHOLE = 512
"""Queries whose vectors are remembered together with what was made of them, some 40 KB each."""
MADE = 32
NEUTRAL = "product"
"""A text that says nothing in particular: where directions start that have one end alone."""


class PictureDecoder(Protocol):
    """Decodes pictures from outside, in capped processes; ``encoders.picture_decoder`` is ours."""

    def decode_many(
        self,
        contents: Sequence[bytes],
        size: PictureSize,
        boxes: Sequence[Box | None] | None = None,
    ) -> Sequence[Pixels | InputError]:
        """Return pixels, or why there are none, for each picture, in order.

        Args:
            contents: The files' bytes.
            size: What the encoder wants to see.
            boxes: For each picture the part that counts, ``None`` for all of it.
        """
        ...


@dataclass(frozen=True, slots=True)
class QueryVectors:
    """The query's vectors, float32 (d,), unit length; ``None`` where there is nothing to encode.

    Args:
        text: What its words mean.
        picture: What its pictures show.
        seen: What its words look like, where that is another vector than ``text``.
        looks_like: The kinds of things that they look like, the likeliest first.
    """

    text: Vector | None = None
    picture: Vector | None = None
    seen: Vector | None = None
    looks_like: tuple[LikelyConcept, ...] = ()
    _made: dict[object, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    def of(self, side: str) -> Vector | None:
        """Return the vector of the side ``text``, ``picture`` or ``seen``."""
        return {"text": self.text, "picture": self.picture, "seen": self.seen}[side]

    def once(self, key: object, make: Callable[[], T]) -> T:
        """Return what was made of these vectors under a key, or make it now; it stays as it is.

        Args:
            key: Says all that it depends on beside the vectors.
            make: Makes it.
        """
        found: T | None = self._made.get(key)  # another thread may clear it, or make the same
        if found is None:
            found = make()
            if len(self._made) >= MADE:
                self._made.clear()
            self._made[key] = found
        return found


class QueryEncoder:
    """Encodes requests; what was encoded before costs nothing, and a failed encoder is named.

    Args:
        text: The text encoder, ``None`` where there is none.
        image: The image encoder with its projection, so that it ends in the text's space.
        decoder: How uploads become pixels.
        dim: Dimensions of the space; another length or a value that is no number is an error.
        keep: Vectors remembered, the longest unused forgotten first; as many looks beside.
        spotter: Finds what uploads are of, where that is asked for.
        sight: Knows what words look like; without it pictures are asked with what they mean.
    """

    def __init__(
        self,
        text: TextEncoder | None,
        image: ImageEncoder | None,
        decoder: PictureDecoder | None,
        dim: int,
        keep: int = 4_096,
        spotter: Spotter | None = None,
        sight: VisualQueryExpander | None = None,
    ) -> None:
        self._spotter, self._sight = spotter, sight
        self._text, self._image, self._decoder = text, image, decoder
        self._dim = dim
        self._kept, self._looked = Memory[Vector](keep), Memory[ExpandedQuery](keep)
        self._whole = Memory[QueryVectors](min(keep, WHOLE))
        self._decoding = threading.Lock()

    def close(self) -> None:
        """End the decoders' processes and the readers' threads, where there are some."""
        for one in (self._decoder, self._spotter, self._sight):
            close = getattr(one, "close", None)
            if close is not None:
                close()

    def warm(self) -> None:
        """Load what only some queries need, before the first of them."""
        if self._sight is not None:
            self._sight.warm()

    def encode(
        self, intent: Intent, examples: Sequence[Example] = ()
    ) -> tuple[QueryVectors, tuple[str, ...]]:
        """Return the request's vectors, and the sides (``text``, ``picture``) that failed.

        Words make the text side, and stored products' texts where there are none. Uploads and
        stored products' pictures make the picture side, moved along the request's direction; the
        text side is moved away from what is not wanted, and towards ``but`` where it is made of
        stored products.

        Args:
            intent: The request understood.
            examples: The stored products that it asks for more of, in its order.

        Raises:
            InputError: An uploaded picture cannot be used, or an encoder's vector has the wrong
                dimension or holds a value that is no number.
        """
        words = _alone(intent, examples)
        known = self._whole.get(words) if words else None
        if known is not None:
            return known, ()
        failed: list[str] = []
        request = intent.request
        mixture, strength = request.mixture, request.mixture.strength
        along = self._try("text", failed, lambda: self._direction(mixture.but, mixture.without))
        begun = self._try("text", [], lambda: self._begin(intent)) or {}
        text = self._try("text", failed, lambda: self._said(intent, self._words))
        # An encoder that fails was named above; without this vector the words' own stands in.
        looks = None if failed else self._try("text", [], lambda: self._looks(intent, begun))
        seen, likenesses = looks or (None, ())
        if not worded(intent) and (stored := _stored(examples, mixture)) is not None:
            text = moved(stored, along, strength)
        picture = self._try("picture", failed, lambda: self._shown(request, examples))
        if picture is not None:
            picture = moved(picture, along, strength)
        vectors = QueryVectors(text, picture, seen, likenesses)
        if words and not failed and (looks or self._sight is None):  # nothing is to be tried again
            self._whole.put(words, vectors)
        return vectors, tuple(dict.fromkeys(failed))

    def _direction(self, towards: str, away: str) -> Vector | None:
        end, start = plain_text(towards), plain_text(away)
        if not end and not start:
            return None
        neutral = self._words(NEUTRAL)
        return direction(
            self._words(end) if end else None, self._words(start) if start else None, neutral
        )

    def _begin(self, intent: Intent) -> dict[str, PendingMeanings]:
        """Have the texts looked up that were not seen before, while they are encoded."""
        sight = self._sight
        if sight is None:
            return {}
        new = [text for text in worded(intent) if text.encode() not in self._looked]
        return {text: sight.start_lookup(text) for text in new}

    def _looks(
        self, intent: Intent, begun: Mapping[str, PendingMeanings]
    ) -> tuple[Vector | None, tuple[LikelyConcept, ...]]:
        """Return what the request's texts look like, and the kinds that its first one names.

        The vector is ``None`` where it is what they mean.
        """
        sight = self._sight
        if sight is None:
            return None, ()

        def seen(text: str) -> ExpandedQuery:
            words = self._words(text)

            def look() -> ExpandedQuery:
                found = sight.expand(text, words, begun.get(text)) or ExpandedQuery(words)
                return replace(found, vector=require_vector(found.vector, self._dim))

            return self._looked.of(text.encode(), look)

        looks = {text: seen(text) for text in worded(intent)}
        if all(np.array_equal(look.vector, self._words(text)) for text, look in looks.items()):
            return None, ()
        kinds = next(iter(looks.values())).concepts
        return self._said(intent, lambda text: looks[text].vector), kinds

    def _said(self, intent: Intent, encode: Callable[[str], Vector]) -> Vector | None:
        """Return the mean of the request's texts, away from what is not wanted."""
        texts, mixture = worded(intent), intent.request.mixture
        if not texts:
            return None
        said = mixed([encode(text) for text in texts])
        return moved(said, self._direction("", mixture.without), mixture.strength)

    def _shown(self, request: SearchRequest, examples: Sequence[Example]) -> Vector | None:
        """Return the weighted mean of uploads and stored pictures, ``None`` without any."""
        mixture, uploads = request.mixture, request.pictures
        if not uploads and all(example.image is None for example in examples):
            return None
        boxes = mixture.boxes or (None,) * len(uploads)
        if mixture.subject:
            boxes = tuple(
                box or self._subject(content) for content, box in zip(uploads, boxes, strict=True)
            )
        rows: list[Vector | None] = [
            self._picture(content, box) for content, box in zip(uploads, boxes, strict=True)
        ]
        rows += [example.image for example in examples]
        weights = mixture.picture_weights or (1.0,) * len(rows)
        kept = [(row, w) for row, w in zip(rows, weights, strict=True) if row is not None and w > 0]
        if not kept:
            raise InputError(
                "The examples that have a picture all have weight 0.", "Give one more weight."
            )
        return mixed([row for row, _ in kept], [w for _, w in kept])

    def _try(self, side: str, failed: list[str], encode: Callable[[], T | None]) -> T | None:
        try:
            return encode()
        except InputError:
            raise
        except (ShelfsightError, RuntimeError, OSError, ValueError, MemoryError):
            failed.append(side)  # the search goes on without this side, and says so
            return None

    def _words(self, text: str) -> Vector:
        encoder = self._text
        if encoder is None:
            raise RuntimeError("no text encoder")
        return self._remember(f"text\0{text}".encode(), lambda: encoder.encode_query([text])[0])

    def _subject(self, content: bytes) -> Box:
        if self._spotter is None:
            raise InputError(
                "Subjects are not looked for here.", "Say where it is: give a box for the picture."
            )
        return self._spotter.box(content)

    def _picture(self, content: bytes, box: Box | None = None) -> Vector:
        image, decoder = self._image, self._decoder
        if image is None or decoder is None:
            raise RuntimeError("no image encoder")

        def encode() -> Vector:
            with self._decoding:  # one thread at a time may use a decoder
                pixels = decoder.decode_many([content], image.size, [box])[0]
            if isinstance(pixels, InputError):
                raise pixels
            row: Vector = image.encode_query([pixels])[0]
            return row

        return self._remember(f"picture\0{box}\0".encode() + content, encode)

    def _remember(self, content: bytes, encode: Callable[[], Vector]) -> Vector:
        return self._kept.of(content, lambda: require_vector(encode(), self._dim))


def with_change(intent: Intent, examples: Sequence[Example]) -> Intent:
    """Return the intent with the words of its change as its text, where it has no other.

    "This, but in red" asks for what looks like the picture moved towards red, and for what is
    said to be red as well. A stored product without a picture is asked for by its own text, which
    is moved; its words would be lost.

    Args:
        intent: The request understood.
        examples: The stored products that it asks for more of.
    """
    change = plain_text(intent.request.mixture.but)
    shown = intent.request.pictures or any(e.image is not None for e in examples)
    if intent.text or not change or not shown:
        return intent
    return replace(intent, text=change, script=script_of(change))


def every_word(intent: Intent) -> Intent:
    """Return the intent whose text is all of its texts, which are matched as one."""
    texts = worded(intent)
    if len(texts) < 2:
        return intent
    joined = " ".join(texts)
    return replace(intent, text=joined, script=script_of(joined))


def worded(intent: Intent) -> tuple[str, ...]:
    """Return the texts that are embedded: the query's, and those beside it."""
    also = (plain_text(one) for one in intent.request.mixture.also)
    return tuple(words for words in (intent.encoded, *also) if words)


def _alone(intent: Intent, examples: Sequence[Example]) -> bytes:
    """Return the text that alone makes the request's vectors; empty where more does."""
    request = intent.request
    if examples or request.pictures or not request.mixture.is_plain:
        return b""
    return intent.encoded.encode()


def _stored(examples: Sequence[Example], mixture: Mixture) -> Vector | None:
    """Return the weighted mean of the examples' stored texts, ``None`` where there is none."""
    given = mixture.picture_weights
    weights = given[len(given) - len(examples) :] or (1.0,) * len(examples)
    rows = [example.text for example in examples]
    kept = [(row, w) for row, w in zip(rows, weights, strict=True) if row is not None and w > 0]
    return mixed([row for row, _ in kept], [w for _, w in kept]) if kept else None


def require_vector(vector: Vector, dim: int) -> Vector:
    """Return the vector as float32 (dim,).

    Raises:
        InputError: It has another dimension, is zero, or holds a value that is no number.
    """
    found = np.asarray(vector, dtype=np.float32)
    if found.shape != (dim,):
        raise InputError(
            f"The query's vector has {' x '.join(map(str, found.shape))} dimensions, but the"
            f" index's have {dim}.",
            "Search with the models that made the index.",
        )
    if not np.isfinite(found).all() or not found.any():
        raise InputError(
            "The query's vector is zero or holds a value that is no number.",
            "Check the encoder: every vector has unit length.",
        )
    return found
