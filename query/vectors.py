"""Query vectors: what the request's words and pictures mean, encoded once and remembered."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from encoders.picture_size import PictureSize, Pixels
from encoders.protocol import ImageEncoder, TextEncoder, unit_rows
from mappings.errors import InputError, ShelfsightError
from query.intent import Intent

Vector = NDArray[np.float32]


class PictureDecoder(Protocol):
    """Decodes pictures from outside, in capped processes; ``encoders.picture_decoder`` is ours."""

    def decode_many(
        self, contents: Sequence[bytes], size: PictureSize
    ) -> Sequence[Pixels | InputError]:
        """Return pixels, or why there are none, for each picture, in order."""
        ...


@dataclass(frozen=True, slots=True)
class QueryVectors:
    """The query's vectors, float32 (d,), unit length; ``None`` where there is nothing to encode."""

    text: Vector | None = None
    picture: Vector | None = None

    def of(self, side: str) -> Vector | None:
        """Return the vector of the side ``text`` or ``picture``."""
        return self.text if side == "text" else self.picture


class QueryEncoder:
    """Encodes requests; what was encoded before costs nothing, and a failed encoder is named.

    Args:
        text: The text encoder, ``None`` where there is none.
        image: The image encoder with its projection, so that it ends in the text's space.
        decoder: How uploads become pixels.
        dim: Dimensions of the space; another length or a value that is no number is an error.
        keep: Vectors remembered, the longest unused forgotten first.
    """

    def __init__(
        self,
        text: TextEncoder | None,
        image: ImageEncoder | None,
        decoder: PictureDecoder | None,
        dim: int,
        keep: int = 4_096,
    ) -> None:
        self._text, self._image, self._decoder = text, image, decoder
        self._dim, self._keep = dim, keep
        self._kept: OrderedDict[str, Vector] = OrderedDict()
        self._lock, self._decoding = threading.Lock(), threading.Lock()

    def encode(self, intent: Intent) -> tuple[QueryVectors, tuple[str, ...]]:
        """Return the request's vectors, and the sides (``text``, ``picture``) that failed.

        Raises:
            InputError: An uploaded picture cannot be used, or an encoder's vector has the wrong
                dimension or holds a value that is no number.
        """
        failed: list[str] = []
        text, picture = None, None
        if intent.text:
            text = self._try("text", failed, lambda: self._words(intent.text))
        if intent.request.pictures:
            picture = self._try("picture", failed, lambda: self._pictures(intent.request.pictures))
        return QueryVectors(text, picture), tuple(failed)

    def _try(self, side: str, failed: list[str], encode: Callable[[], Vector]) -> Vector | None:
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

    def _pictures(self, pictures: tuple[bytes, ...]) -> Vector:
        rows = [self._picture(content) for content in pictures]
        return rows[0] if len(rows) == 1 else unit_rows(np.mean(rows, axis=0)[None])[0]

    def _picture(self, content: bytes) -> Vector:
        image, decoder = self._image, self._decoder
        if image is None or decoder is None:
            raise RuntimeError("no image encoder")

        def encode() -> Vector:
            with self._decoding:  # one thread at a time may use a decoder
                pixels = decoder.decode_many([content], image.size)[0]
            if isinstance(pixels, InputError):
                raise pixels
            row: Vector = image.encode_query([pixels])[0]
            return row

        return self._remember(b"picture\0" + content, encode)

    def _remember(self, content: bytes, encode: Callable[[], Vector]) -> Vector:
        key = hashlib.sha256(content).hexdigest()
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        vector = require_vector(encode(), self._dim)
        with self._lock:
            self._kept[key] = vector
            while len(self._kept) > self._keep:
                self._kept.popitem(last=False)
        return vector


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
