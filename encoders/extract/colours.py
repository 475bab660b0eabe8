"""Names the colours of a picture: k-means in Lab without the background."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from encoders.image.lab_histogram import to_lab
from encoders.picture_size import Pixels

# English name, Chinese name, and the sRGB value of a typical paint.
NAMED: tuple[tuple[str, str, tuple[int, int, int]], ...] = (
    ("red", "红色", (200, 30, 40)), ("red", "红色", (128, 20, 36)),
    ("orange", "橙色", (238, 126, 34)), ("yellow", "黄色", (246, 210, 60)),
    ("yellow", "黄色", (200, 160, 40)), ("green", "绿色", (46, 136, 78)),
    ("green", "绿色", (88, 104, 56)), ("green", "绿色", (150, 200, 110)),
    ("cyan", "青色", (40, 160, 170)), ("blue", "蓝色", (56, 120, 214)),
    ("blue", "蓝色", (130, 180, 230)), ("blue", "蓝色", (90, 115, 150)),
    ("navy", "藏青色", (30, 42, 90)), ("purple", "紫色", (122, 66, 162)),
    ("purple", "紫色", (176, 150, 206)), ("pink", "粉色", (243, 152, 182)),
    ("pink", "粉色", (225, 60, 130)), ("brown", "棕色", (124, 79, 50)),
    ("brown", "棕色", (74, 50, 36)), ("beige", "米色", (222, 204, 172)),
    ("beige", "米色", (180, 152, 116)), ("black", "黑色", (24, 24, 28)),
    ("white", "白色", (244, 243, 240)), ("grey", "灰色", (140, 142, 146)),
    ("grey", "灰色", (80, 82, 86)), ("grey", "灰色", (196, 198, 200)),
)  # fmt: skip
NAMES: tuple[str, ...] = tuple(dict.fromkeys(name for name, _, _ in NAMED))
CHINESE: dict[str, str] = {name: zh for name, zh, _ in NAMED}
CLUSTERS, ROUNDS = 5, 8
SIDE = 32
"""About how many pixels a side are sampled."""
SHARES = "colour-shares-1"
"""Version of ``colour_shares``; changes with its results."""
BACKGROUND = 12.0
"""Lab distance from the border's median colour up to which a pixel is background."""
FEWEST = 0.03
"""Share of the pixels that must be left for the background to be left out."""


@dataclass(frozen=True, slots=True)
class PictureColour:
    """A colour of a picture.

    Args:
        name: In English, one of ``NAMES``.
        share: Of the picture without its background, in [0, 1].
    """

    name: str
    share: float

    @property
    def zh(self) -> str:
        """Its name in Chinese."""
        return CHINESE[self.name]


def colour_shares(pixels: Pixels) -> NDArray[np.float32]:
    """Return the share of each of ``NAMES`` in a picture, float32 (15,), sum 1.

    Pixels near the border's median colour are background and left out, unless nearly all are. The
    rest is clustered by k-means in Lab, started from evenly spread lightnesses so that the result
    is deterministic; each cluster gets the name of the nearest paint.

    Args:
        pixels: uint8 (height, width, 3).
    """
    step = max(1, pixels.shape[1] // SIDE)
    lab = to_lab(pixels[: pixels.shape[1] : step, ::step])
    border = np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]])
    away = np.linalg.norm(lab - np.median(border, axis=0), axis=-1) > BACKGROUND
    shown = lab[away] if away.mean() > FEWEST else lab.reshape(-1, 3)
    centres, sizes = _clusters(shown)
    nearest = np.linalg.norm(centres[:, None] - _paints()[None], axis=-1).argmin(axis=1)
    shares = np.zeros(len(NAMES), dtype=np.float32)
    for paint, size in zip(nearest, sizes, strict=True):
        shares[NAMES.index(NAMED[int(paint)][0])] += size / len(shown)
    return shares


def picture_colours(shares: NDArray[np.float32], least: float = 0.2) -> tuple[PictureColour, ...]:
    """Return the colours with at least a given share, largest first; the largest always.

    Args:
        shares: float32 (15,), of one picture or the mean over several.
        least: In [0, 1].
    """
    order = np.argsort(-shares, kind="stable")
    kept = [n for place, n in enumerate(order) if place == 0 or shares[n] >= least]
    return tuple(PictureColour(NAMES[int(n)], round(float(shares[n]), 3)) for n in kept)


@cache
def _paints() -> NDArray[np.float64]:
    """Return Lab (26, 3) of every paint of ``NAMED``."""
    return to_lab(np.array([rgb for *_, rgb in NAMED], dtype=np.uint8))


def _clusters(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return k-means' centres, float64 (k, 3), and how many points each has; none is empty.

    Source: Lloyd, Least squares quantization in PCM, 1982.
    """
    order = np.argsort(points[:, 0], kind="stable")
    middles = ((np.arange(CLUSTERS) + 0.5) / CLUSTERS * len(points)).astype(int)
    centres = points[order[middles]]
    owner = np.zeros(len(points), dtype=np.int64)
    for _ in range(ROUNDS):
        owner = np.linalg.norm(points[:, None] - centres[None], axis=-1).argmin(axis=1)
        moved = np.array(
            [points[owner == k].mean(axis=0) if (owner == k).any() else centres[k]
             for k in range(CLUSTERS)]
        )  # fmt: skip
        if np.allclose(moved, centres, atol=0.1):
            break
        centres = moved
    sizes = np.bincount(owner, minlength=CLUSTERS)
    return centres[sizes > 0], sizes[sizes > 0]
