"""The colour histogram that the check uses: of the whole picture without the background."""

from __future__ import annotations

from encoders.card import digest_of
from encoders.image.lab_histogram import colour_histogram
from encoders.picture_size import PictureSize, Pixels
from encoders.protocol import Vectors

EDGE = 128
SIZE = PictureSize(EDGE, views=(0.0,))
"""The central square, which is ignored, and the whole picture below it."""
DIGEST = digest_of(["coherence colours", 1, SIZE.digest])
"""The spool's key."""


def picture_colours(pixels: Pixels) -> Vectors:
    """Return float32 (bins,), unit length, of a picture that was decoded to ``SIZE``."""
    return colour_histogram(pixels[EDGE:])
