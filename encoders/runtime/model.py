"""Describes a vision model: its card, its preprocessing, and how to build its network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from encoders.card import EncoderCard, digest_of
from encoders.picture_size import PictureSize

if TYPE_CHECKING:
    from torch import nn

Batch = NDArray[np.uint8]
"""uint8 (n, edge, edge, 3), RGB."""

Runner = Callable[[Batch], NDArray[np.float32]]
"""From a ``Batch`` to raw features, float32 (n, dim), not yet of unit length."""

BATCH = 4
"""Pictures of one pass; more do not fit the processor's cache (115 a second, 88 with 8)."""


@dataclass(frozen=True, slots=True)
class VisionModel:
    """A network that turns normalised pictures into features.

    Args:
        card: Identifies the model.
        size: To which pictures are decoded.
        mean: Subtracted from each channel, in [0, 255].
        std: Divides each channel, in the same unit.
        build: Returns the network in evaluation mode, without its classifier: float32
            (n, 3, edge, edge), normalised, to float32 (n, dim). Imports torch.
    """

    card: EncoderCard
    size: PictureSize
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    build: Callable[[], nn.Module]


def vision_preprocessing(size: PictureSize, mean: tuple[float, ...], std: tuple[float, ...]) -> str:
    """Return the card's preprocessing digest: everything between the file and the network."""
    return digest_of([size.digest, list(mean), list(std)])
