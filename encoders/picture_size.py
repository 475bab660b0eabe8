"""What an image encoder wants to see, and what a picture from outside may cost."""

from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from encoders.card import digest_of

Pixels = NDArray[np.uint8]
"""uint8 (edge, edge, 3), RGB, upright, on white: what ``encoders.pictures.decode`` returns."""

PREPROCESSING_REVISION = 1
"""Raised whenever ``encoders.pictures.decode`` gives other pixels for the same picture."""


@dataclass(frozen=True, slots=True)
class PictureSize:
    """The square that a model sees of a picture.

    Args:
        edge: Width and height in pixels after preprocessing.
        crop: The part of the shorter side that the central square keeps, in (0, 1].
        resample: How the square is brought to ``edge``.
    """

    edge: int
    crop: float = 1.0
    resample: Literal["bilinear", "bicubic"] = "bicubic"

    @property
    def digest(self) -> str:
        """Twelve hexadecimal characters that change whenever the pixels would."""
        return digest_of([PREPROCESSING_REVISION, asdict(self)])


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """What a picture from outside may cost; each limit is inclusive.

    Args:
        content_bytes: Size of the file.
        pixels: Width times height.
        long_side: The longer side, in pixels.
        aspect: The longer side over the shorter one.
        frames: Pictures in the file (animation).
    """

    content_bytes: int = 20 * 1024 * 1024
    pixels: int = 40_000_000
    long_side: int = 16_384
    aspect: float = 50.0
    frames: int = 1


LIMITS = PictureLimits()
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
