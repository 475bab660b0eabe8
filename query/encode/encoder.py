"""The query encoder: a request's words and pictures become vectors, which are remembered."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from encoders.concepts.concept_expander import PendingMeanings
from encoders.concepts.concept_space import LikelyConcept
from encoders.crop import Box
from encoders.picture_size import PictureSize, Pixels
from encoders.protocol import ImageEncoder, TextEncoder
from encoders.query_expander import ExpandedQuery, VisualQueryExpander
from mappings.errors import InputError, ShelfsightError
from query.encode.cache import ContentCache
from query.encode.directions import direction, mixed, moved
from query.encode.query_vectors import QueryVectors, T, Vector, require_vector
from query.encode.subject_finder import SubjectFinder
from query.encode.texts import encoded_texts
from query.model.input_limits import plain_text
from query.model.intent import Intent
from query.model.mixture import Mixture
from query.model.request import SearchRequest
from query.opensearch.stored_vectors import Example

MAX_QUERIES = 512
"""Queries whose vectors and derived values are cached, about 40 KB each."""
NEUTRAL = "product"
"""A neutral text, the other end of directions with one end."""


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


class QueryEncoder:
    """Encodes requests, with caches; a failed encoder is reported, not raised.

    Args:
        text: The text encoder, ``None`` where there is none.
        image: The image encoder with its projection, so that it ends in the text's space.
        decoder: Decodes uploads into pixels.
        dim: Dimensions of the space; vectors of another length or with NaN are refused.
        capacity: Vectors kept, the least recently used dropped first; as many expanded queries.
        subject_finder: Finds the subject of uploads, if requested.
        sight: Expands texts for visual similarity; without it the text vector is used.
    """

    def __init__(
        self,
        text: TextEncoder | None,
        image: ImageEncoder | None,
        decoder: PictureDecoder | None,
        dim: int,
        capacity: int = 4_096,
        subject_finder: SubjectFinder | None = None,
        sight: VisualQueryExpander | None = None,
    ) -> None:
        self._subject_finder, self._sight = subject_finder, sight
        self._text, self._image, self._decoder = text, image, decoder
        self._dim = dim
        self._vectors = ContentCache[Vector](capacity)
        self._expanded = ContentCache[ExpandedQuery](capacity)
        self._query_vectors = ContentCache[QueryVectors](min(capacity, MAX_QUERIES))
        self._decoding = threading.Lock()

    def close(self) -> None:
        """End the decoders' processes and the readers' threads, where there are some."""
        for one in (self._decoder, self._subject_finder, self._sight):
            close = getattr(one, "close", None)
            if close is not None:
                close()

    def warm(self) -> None:
        """Load the models that only some queries need."""
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
        sole_text = _sole_text(intent, examples)
        known = self._query_vectors.get(sole_text) if sole_text else None
        if known is not None:
            return known, ()
        failed: list[str] = []
        request = intent.request
        mixture, strength = request.mixture, request.mixture.strength
        change = self._try("text", failed, lambda: self._direction(mixture.but, mixture.without))
        lookups = self._try("text", [], lambda: self._start_lookups(intent)) or {}
        text = self._try("text", failed, lambda: self._encode_texts(intent, self._encode_text))
        # A failing encoder was reported above; without this vector the text vector is used.
        expanded = (
            None
            if failed
            else self._try("text", [], lambda: self._encode_expanded(intent, lookups))
        )
        visual, concepts = expanded or (None, ())
        if not encoded_texts(intent) and (stored := _mean_text(examples, mixture)) is not None:
            text = moved(stored, change, strength)
        picture = self._try("picture", failed, lambda: self._encode_images(request, examples))
        if picture is not None:
            picture = moved(picture, change, strength)
        vectors = QueryVectors(text, picture, visual, concepts)
        is_complete = not failed and (expanded or self._sight is None)  # else it is tried again
        if sole_text and is_complete:
            self._query_vectors.put(sole_text, vectors)
        return vectors, tuple(dict.fromkeys(failed))

    def _direction(self, towards: str, away: str) -> Vector | None:
        end, start = plain_text(towards), plain_text(away)
        if not end and not start:
            return None
        neutral = self._encode_text(NEUTRAL)
        return direction(
            self._encode_text(end) if end else None,
            self._encode_text(start) if start else None,
            neutral,
        )

    def _start_lookups(self, intent: Intent) -> dict[str, PendingMeanings]:
        """Start looking up the texts that are not cached yet, while they are encoded."""
        sight = self._sight
        if sight is None:
            return {}
        new = [text for text in encoded_texts(intent) if text.encode() not in self._expanded]
        return {text: sight.start_lookup(text) for text in new}

    def _encode_expanded(
        self, intent: Intent, lookups: Mapping[str, PendingMeanings]
    ) -> tuple[Vector | None, tuple[LikelyConcept, ...]]:
        """Return what the request's texts look like, and the kinds that its first one names.

        The vector is ``None`` where it is what they mean.
        """
        sight = self._sight
        if sight is None:
            return None, ()

        def expand(text: str) -> ExpandedQuery:
            vector = self._encode_text(text)

            def compute() -> ExpandedQuery:
                query = sight.expand(text, vector, lookups.get(text)) or ExpandedQuery(vector)
                return replace(query, vector=require_vector(query.vector, self._dim))

            return self._expanded.get_or_compute(text.encode(), compute)

        queries = {text: expand(text) for text in encoded_texts(intent)}
        if all(np.array_equal(q.vector, self._encode_text(text)) for text, q in queries.items()):
            return None, ()
        concepts = next(iter(queries.values())).concepts
        return self._encode_texts(intent, lambda text: queries[text].vector), concepts

    def _encode_texts(self, intent: Intent, encode: Callable[[str], Vector]) -> Vector | None:
        """Return the mean of the request's texts, away from what is not wanted."""
        texts, mixture = encoded_texts(intent), intent.request.mixture
        if not texts:
            return None
        mean = mixed([encode(text) for text in texts])
        return moved(mean, self._direction("", mixture.without), mixture.strength)

    def _encode_images(self, request: SearchRequest, examples: Sequence[Example]) -> Vector | None:
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
            self._encode_image(content, box) for content, box in zip(uploads, boxes, strict=True)
        ]
        rows += [example.image for example in examples]
        weights = mixture.picture_weights or (1.0,) * len(rows)
        weighted = [
            (row, w) for row, w in zip(rows, weights, strict=True) if row is not None and w > 0
        ]
        if not weighted:
            raise InputError(
                "The examples that have a picture all have weight 0.", "Give one more weight."
            )
        return mixed([row for row, _ in weighted], [w for _, w in weighted])

    def _try(self, side: str, failed: list[str], encode: Callable[[], T | None]) -> T | None:
        try:
            return encode()
        except InputError:
            raise
        except (ShelfsightError, RuntimeError, OSError, ValueError, MemoryError):
            failed.append(side)  # the search continues without this side and reports it
            return None

    def _encode_text(self, text: str) -> Vector:
        encoder = self._text
        if encoder is None:
            raise RuntimeError("no text encoder")
        return self._get_or_encode(
            f"text\0{text}".encode(), lambda: encoder.encode_query([text])[0]
        )

    def _subject(self, content: bytes) -> Box:
        if self._subject_finder is None:
            raise InputError(
                "Subjects are not looked for here.", "Say where it is: give a box for the picture."
            )
        return self._subject_finder.box(content)

    def _encode_image(self, content: bytes, box: Box | None = None) -> Vector:
        image, decoder = self._image, self._decoder
        if image is None or decoder is None:
            raise RuntimeError("no image encoder")

        def encode() -> Vector:
            with self._decoding:  # a decoder is not thread-safe
                pixels = decoder.decode_many([content], image.size, [box])[0]
            if isinstance(pixels, InputError):
                raise pixels
            row: Vector = image.encode_query([pixels])[0]
            return row

        return self._get_or_encode(f"picture\0{box}\0".encode() + content, encode)

    def _get_or_encode(self, content: bytes, encode: Callable[[], Vector]) -> Vector:
        return self._vectors.get_or_compute(content, lambda: require_vector(encode(), self._dim))


def _sole_text(intent: Intent, examples: Sequence[Example]) -> bytes:
    """Return the text that alone makes the request's vectors; empty where more does."""
    request = intent.request
    if examples or request.pictures or not request.mixture.is_plain:
        return b""
    return intent.encoded.encode()


def _mean_text(examples: Sequence[Example], mixture: Mixture) -> Vector | None:
    """Return the weighted mean of the examples' stored texts, ``None`` where there is none."""
    given = mixture.picture_weights
    weights = given[len(given) - len(examples) :] or (1.0,) * len(examples)
    rows = [example.text for example in examples]
    weighted = [(row, w) for row, w in zip(rows, weights, strict=True) if row is not None and w > 0]
    return mixed([row for row, _ in weighted], [w for _, w in weighted]) if weighted else None
