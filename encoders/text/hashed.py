"""A deterministic text encoder for tests: hashed character n-grams, no model, no download."""

import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from encoders.card import EncoderCard, digest_of
from encoders.protocol import Vectors, unit_rows
from encoders.registry_names import hash_dim

NGRAMS = (1, 2, 3)


class HashTextEncoder:
    """Signed feature hashing of character n-grams: texts that share wording are near.

    Source: Weinberger et al., Feature Hashing for Large Scale Multitask Learning, ICML 2009.

    Args:
        dim: Length of a vector.
    """

    def __init__(self, dim: int) -> None:
        self._card = EncoderCard(
            name=f"hash:{dim}",
            revision="1",
            modality="text",
            space=f"hash-text-{dim}",
            dim=dim,
            licence="Apache-2.0",
            preprocessing=digest_of(["NFKC", "casefold", NGRAMS]),
        )

    @property
    def card(self) -> EncoderCard:
        """The model's card."""
        return self._card

    def encode_query(self, items: Sequence[str]) -> Vectors:
        """Return float32 (n, dim) unit rows."""
        return self.encode_products(items)

    def encode_products(self, items: Sequence[str]) -> Vectors:
        """Return float32 (n, dim) unit rows."""
        rows = np.zeros((len(items), self._card.dim), dtype=np.float64)
        for row, text in zip(rows, items, strict=True):
            for gram, count in _grams(text).items():
                place, sign = _slot(gram, self._card.dim)
                row[place] += sign * np.sqrt(count)
        return unit_rows(rows)


def _grams(text: str) -> Counter[str]:
    """Return the n-grams of each word (of each run of Chinese) with their counts."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    grams: Counter[str] = Counter()
    for word in re.findall(r"\w+", plain):
        spaced = f" {word} "
        for n in NGRAMS:
            grams.update(spaced[i : i + n] for i in range(len(spaced) - n + 1))
    grams.pop(" ", None)
    return grams


@lru_cache(maxsize=65_536)
def _slot(gram: str, dim: int) -> tuple[int, float]:
    hashed = zlib.crc32(gram.encode("utf-8", "replace"))
    # crc32 is linear: multiply by an odd constant and take the high bits to spread similar n-grams.
    mixed = (hashed * 2_654_435_761) & 0xFFFF_FFFF
    return (mixed * dim) >> 32, 1.0 if (mixed >> 3) & 1 else -1.0


def load(argument: str, threads: int | None) -> HashTextEncoder:
    """Return the encoder; registry entry point.

    Args:
        argument: The dimension, empty for 64.
        threads: Not used: one text costs microseconds.

    Raises:
        UnknownModel: The argument is no dimension.
    """
    return HashTextEncoder(hash_dim(argument))
