"""What an image encoder wants to see, and what a picture from outside may cost."""

from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from encoders.card import digest_of

Pixels = NDArray[np.uint8]
"""uint8 (edge, edge, 3), RGB, upright, on white: what ``encoders.pictures.decode`` returns.

Where a size asks for several views of a picture they lie one below the other:
(views x edge, edge, 3).
"""

PREPROCESSING_REVISION = 1
"""Raised whenever ``encoders.pictures.decode`` gives other pixels for the same picture."""


@dataclass(frozen=True, slots=True)
class PictureSize:
    """The square, or squares, that a model sees of a picture.

    Args:
        edge: Width and height in pixels after preprocessing.
        crop: The part of the shorter side that the central square keeps, in (0, 1]; 0 for the
            whole picture on the median colour of its border.
        resample: How the square is brought to ``edge``.
        views: More squares, below the first: each a crop as above.
        stretch: Whether each crop keeps that part of both sides and is made square, as some
            models were trained, instead of being square in the picture.
        subject: Whether the picture is first cut to what it shows (``encoders.crop``).
    """

    edge: int
    crop: float = 1.0
    resample: Literal["bilinear", "bicubic"] = "bicubic"
    views: tuple[float, ...] = ()
    stretch: bool = False
    subject: bool = False

    @property
    def digest(self) -> str:
        """Twelve hexadecimal characters that change whenever the pixels would."""
        known = asdict(self)
        for name in ("views", "stretch", "subject"):  # the digest is older than these
            if not known[name]:
                del known[name]
        return digest_of([PREPROCESSING_REVISION, known])

    @property
    def crops(self) -> tuple[float, ...]:
        """The crop of each square, the first one included; 0 is the whole picture."""
        return (self.crop, *self.views)

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of the pixels."""
        return (self.edge * (1 + len(self.views)), self.edge, 3)


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
QUESTION_LIMITS = PictureLimits(pixels=16_000_000)
"""Of pictures that searches bring: somebody waits for each, and anybody may send them."""
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")

MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF", b"GIF8", b"\x00\x00\x00")


def foreign_format(content: bytes) -> str:
    """Return why bytes are no picture by how they begin; empty where they may be one."""
    if content.startswith(MAGIC):
        return ""
    return f"The file is none of {', '.join(FORMATS)}: {content[:12]!r}…"
