"""The ridge form: from features to the weighted sum of each picture's text vectors."""

from __future__ import annotations

import numpy as np

from encoders.head_aligned import AlignedHead
from encoders.protocol import Vectors, unit_rows
from encoders.ridge import solve_fixed
from learn.align.pairs import Pairs

PENALTY = 0.3
"""Relative to the mean eigenvalue of X'X; at 3,000 pictures the measures are flat from 0.1 to 3."""
LEAST = 1e-9
ROUNDING = 1e-6
"""Predictions of unit vectors that are shorter are rounding errors."""
GENERIC = 200.0
"""Pseudo-count of texts by which the catalogue's mean is shrunk towards the generic one."""


def fit_ridge_head(
    pairs: Pairs, generic_mean: Vectors, *, penalty: float = PENALTY, seed: int = 0
) -> AlignedHead:
    """Return the closed form: the linear part only.

    Args:
        pairs: Pictures and their texts.
        generic_mean: float32 (384,), mean of generic texts, as a small catalogue's is unreliable.
        penalty: In units of the mean eigenvalue of X'X.
        seed: Kept in the card.
    """
    middle, scale = moments(pairs.features)
    u = (pairs.features - middle) / scale
    mean = text_mean(pairs.vectors, generic_mean)
    targets = pairs.weights @ centred(pairs.vectors, mean)
    usual = float(np.square(u, dtype=np.float64).sum()) / min(u.shape)
    matrix, _ = solve_fixed(u, targets, max(penalty * usual, LEAST))  # 0 if all pictures are equal
    axis = unit_rows(mean[None])[0]
    reached = u @ matrix
    reached -= np.outer(reached @ axis, axis)
    length = float(np.linalg.norm(reached, axis=1).mean())
    if length > ROUNDING:  # else the texts cannot be predicted at all
        matrix /= length
    none = np.zeros((u.shape[1], 0), dtype=np.float32)
    return AlignedHead(
        middle=middle,
        scale=scale,
        linear=matrix.astype(np.float32),
        hidden=none,
        hidden_bias=np.zeros(0, dtype=np.float32),
        out=np.zeros((0, targets.shape[1]), dtype=np.float32),
        text_mean=axis,
        metric=np.eye(targets.shape[1], dtype=np.float32),
        visual=np.zeros((u.shape[1], targets.shape[1]), dtype=np.float32),
        fitted_on=len(u),
        seed=seed,
    )


def moments(features: Vectors) -> tuple[Vectors, Vectors]:
    """Return mean and standard deviation of each feature, float32 (d,); never a deviation of 0."""
    middle = features.mean(axis=0, dtype=np.float64)
    spread = features.std(axis=0, dtype=np.float64)
    return middle.astype(np.float32), (spread + 0.05 * spread.mean() + 1e-9).astype(np.float32)


def text_mean(vectors: Vectors, generic_mean: Vectors) -> Vectors:
    """Return the mean of a catalogue's texts, shrunk towards the generic one, float32 (384,)."""
    n = len(vectors)
    mixed = (n * vectors.mean(axis=0) + GENERIC * generic_mean) / (n + GENERIC)
    return np.asarray(mixed, dtype=np.float32)


def centred(vectors: Vectors, mean: Vectors) -> Vectors:
    """Return float32 (t, 384) unit rows without the mean direction."""
    return unit_rows(vectors - mean)
