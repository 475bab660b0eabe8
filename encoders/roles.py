"""The role of a picture, where neither name nor column gives it: read from its fingerprint."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from encoders.duplicates import GRID, ROWS
from encoders.protocol import Vectors

UNSAID = "alternative"
EVEN = 10.0
"""Colour distance, of 255, up to which all blocks count as one material."""
GROUND = 25.0
"""Colour distance up to which a corner shows the background of the main picture."""
STEPPED = 3
"""Brightness steps of 64 that a swatch may have."""
_HASHED = ROWS * ROWS
_CORNERS = (0, GRID - 1, GRID * (GRID - 1), GRID * GRID - 1)
_CENTRE = (5, 6, 9, 10)


def roles(given: Sequence[str], fingerprints: Sequence[Vectors | None]) -> list[str]:
    """Return each picture's role; a role that the feed gives takes precedence.

    One even surface among other pictures is a ``swatch``. Where the main picture has a background,
    another picture without that background in a corner, and without its own, is a ``detail``.

    Args:
        given: The roles as the feed gives them, the main picture's first.
        fingerprints: Of ``encoders.duplicates.fingerprint``, ``None`` where not known.
    """
    first = fingerprints[0] if fingerprints else None
    ground = None if first is None else _ground(_blocks(first))
    return [
        role if n == 0 or role != UNSAID or mine is None else _read(mine, ground)
        for n, (role, mine) in enumerate(zip(given, fingerprints, strict=True))
    ]


def _read(fingerprint: Vectors, ground: NDArray[np.float32] | None) -> str:
    blocks = _blocks(fingerprint)
    apart = np.linalg.norm(blocks - np.median(blocks, axis=0), axis=1)
    if apart.mean() < EVEN and np.abs(fingerprint[:_HASHED]).sum() <= STEPPED:
        return "swatch"
    if ground is not None:
        far = np.linalg.norm(blocks[list(_CORNERS)] - ground, axis=1)
        if far.min() > GROUND and not _stands_on_its_own(blocks):
            return "detail"
    return UNSAID


def _stands_on_its_own(blocks: NDArray[np.float32]) -> bool:
    """Return whether a picture has a background of its own, and an object in front of it."""
    ground = _ground(blocks)
    if ground is None:
        return False
    apart = np.linalg.norm(blocks[list(_CENTRE)] - ground, axis=1)
    return bool(apart.mean() > GROUND)


def _ground(blocks: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """Return the background colour, which at least three corners share; ``None`` without one."""
    corners = blocks[list(_CORNERS)]
    middle = np.median(corners, axis=0)
    near = np.linalg.norm(corners - middle, axis=1) <= GROUND
    return np.asarray(corners[near].mean(axis=0)) if near.sum() >= 3 else None


def _blocks(fingerprint: Vectors) -> NDArray[np.float32]:
    return fingerprint[_HASHED:].reshape(-1, 3)
