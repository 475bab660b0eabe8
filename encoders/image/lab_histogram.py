"""The colours of what a picture shows, as a histogram in Lab."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from encoders.picture_size import Pixels
from encoders.protocol import Vectors, unit_rows

BINS = (np.linspace(0, 100, 7), np.linspace(-80, 80, 9), np.linspace(-80, 80, 9))
BACKGROUND = 12.0
"""Lab distance from the border's median colour up to which a pixel is background."""
FEWEST = 50
_TO_XYZ = np.array([[0.4124, 0.2126, 0.0193], [0.3576, 0.7152, 0.1192], [0.1805, 0.0722, 0.9505]])
_WHITE = np.array([0.9505, 1.0, 1.089])


def to_lab(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return CIE Lab (D65), float64 (..., 3), of sRGB uint8 (..., 3).

    Source: IEC 61966-2-1 (sRGB), CIE 15:2004.
    """
    c = pixels / 255.0
    linear = np.where(c > 0.04045, ((c + 0.055) / 1.055) ** 2.4, c / 12.92)
    xyz = linear @ _TO_XYZ / _WHITE
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def colour_histogram(pixels: Pixels) -> Vectors:
    """Return float32 (384,), unit length: square roots of the shares of 6 x 8 x 8 Lab cells.

    What is as the border's median is left out as background, unless nearly all of it is.

    Args:
        pixels: uint8 (edge, edge, 3).
    """
    lab = to_lab(pixels[::2, ::2])
    border = np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]])
    shown = lab[np.linalg.norm(lab - np.median(border, axis=0), axis=-1) > BACKGROUND]
    shown = shown if len(shown) > FEWEST else lab.reshape(-1, 3)
    counts, _ = np.histogramdd(shown, bins=BINS)
    return np.asarray(unit_rows(np.sqrt(counts.reshape(1, -1)))[0])
