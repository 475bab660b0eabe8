"""A histogram in Lab of a picture's colours without the background."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from encoders.picture_size import Pixels
from encoders.protocol import Vectors, unit_rows

BINS = (np.linspace(0, 100, 7), np.linspace(-80, 80, 9), np.linspace(-80, 80, 9))
SHAPE = tuple(len(edges) - 1 for edges in BINS)
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

    Pixels near the border's median colour are background and left out, unless nearly all are.
    Colours have five bits a channel; every second pixel of every second row is read.

    Args:
        pixels: uint8 (edge, edge, 3).
    """
    lab, cells = _table()
    few = pixels[::2, ::2].astype(np.uint16) >> 3
    codes = (few[..., 0] << 10) | (few[..., 1] << 5) | few[..., 2]
    border = np.concatenate([codes[0], codes[-1], codes[:, 0], codes[:, -1]])
    every = np.bincount(codes.ravel())  # far cheaper than sorting the pixels
    found = np.flatnonzero(every)
    counted = every[found]
    apart = np.square(lab[found] - np.median(lab[border], axis=0)).sum(axis=1) > BACKGROUND**2
    shown = counted * apart
    if shown.sum() <= FEWEST:
        shown = counted
    counts = np.bincount(cells[found], weights=shown, minlength=int(np.prod(SHAPE)))
    return np.asarray(unit_rows(np.sqrt(counts)[None])[0])


@cache
def _table() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return Lab (32768, 3) and cell (32768,) of every colour of five bits a channel."""
    step = (np.arange(32, dtype=np.uint8) << 3) + 4
    colours = np.stack(np.meshgrid(step, step, step, indexing="ij"), axis=-1).reshape(-1, 3)
    lab = to_lab(colours)
    places = [
        np.clip(np.digitize(lab[:, i], edges) - 1, 0, len(edges) - 2)
        for i, edges in enumerate(BINS)
    ]
    return lab.astype(np.float32), np.ravel_multi_index(tuple(places), SHAPE).astype(np.int64)
