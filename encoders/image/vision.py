"""An image encoder made of a vision model and a runtime."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from encoders.card import EncoderCard
from encoders.picture_size import PictureSize, Pixels
from encoders.protocol import Vectors, unit_rows
from encoders.runtime.model import BATCH, Runner, VisionModel
from encoders.runtime.probe import runner

CACHE = Path.home() / ".cache" / "shelfsight" / "models"


class VisionEncoder:
    """Encodes decoded pictures, ``BATCH`` at a time; query and product pictures alike.

    Args:
        model: What to run.
        run: Runs it.
    """

    def __init__(self, model: VisionModel, run: Runner) -> None:
        self._model = model
        self._run = run
        self.loads_as = model.card.name

    @property
    def card(self) -> EncoderCard:
        """The model's card."""
        return self._model.card

    @property
    def size(self) -> PictureSize:
        """The size that ``decode`` must produce."""
        return self._model.size

    def encode_query(self, items: Sequence[Pixels]) -> Vectors:
        """Return float32 (n, dim) unit rows."""
        return self.encode_products(items)

    def encode_products(self, items: Sequence[Pixels]) -> Vectors:
        """Return float32 (n, dim) unit rows."""
        if not items:
            return np.empty((0, self.card.dim), dtype=np.float32)
        parts = [
            self._run(np.stack(items[start : start + BATCH]))
            for start in range(0, len(items), BATCH)
        ]
        return unit_rows(np.concatenate(parts))


def vision_encoder(
    model: VisionModel, threads: int | None, runtime: str, cache: Path | None
) -> VisionEncoder:
    """Return the model as an encoder.

    Args:
        model: What to run.
        threads: Processor threads of one pass; ``None`` for one a core.
        runtime: One of ``encoders.runtime.probe.RUNTIMES``.
        cache: Folder for exported models and measured choices; ``None`` for the user's.

    Raises:
        InputError: The runtime is not known, or cannot run this model here.
    """
    return VisionEncoder(model, runner(model, runtime, threads, cache or CACHE))
