"""Fits the visual part of a head: pictures of one product together, where texts hardly vary."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from encoders.head_aligned import AlignedHead
from encoders.protocol import Vectors, unit_rows

RANK = 128
SHRINK = 0.3
DIMENSIONS = 400
LEAST = 1e-10
"""Relative squared length of a direction, below which it is rounding error."""
OWN = 3.0
"""Weight of the catalogue's own texts against the generic ones."""


def quiet_directions(generic: Vectors, own: Vectors, rank: int = RANK) -> Vectors:
    """Return float32 (rank, d): orthonormal directions in which texts have the least length.

    Eigenvectors of the *uncentred* second moment: along a remaining mean, a picture would have the
    same advantage or disadvantage in every query.

    Args:
        generic: float32 (d, d), uncentred second moment of generic texts.
        own: float32 (s, d), the catalogue's query-like texts, such as titles.
        rank: How many.
    """
    near = own.astype(np.float64)
    moment = generic.astype(np.float64) + OWN * near.T @ near / len(near)
    rank = min(rank, len(moment) // 3)
    return np.asarray(np.linalg.eigh(moment)[1][:, :rank].T, dtype=np.float32)


def with_visual_part(
    head: AlignedHead,
    features: Vectors,
    products: NDArray[np.int64],
    quiet: Vectors,
    gain: float,
    titles: Vectors | None = None,
) -> AlignedHead:
    """Return the head with a visual part ``gain`` times as long as the text part.

    Linear discriminant analysis by product with a shrunk within-product scatter: differences
    between pictures of one product (pose, crop) are damped, those between products are kept. The
    axes are rotated, all together, towards the small part of the titles in the quiet directions:
    pictures keep their distances, and this part of a title points at its own pictures.

    Source: Fisher, The use of multiple measurements in taxonomic problems, 1936; Friedman,
    Regularized Discriminant Analysis, 1989; Schönemann, A generalized solution of the orthogonal
    Procrustes problem, 1966.

    Args:
        head: Fitted on the same features.
        features: float32 (n, d).
        products: int64 (n,), the product (or category) of each picture.
        quiet: float32 (rank, 384) of ``quiet_directions``.
        gain: Length of the visual part relative to the text part, 0 for none.
        titles: float32 (n, 384), product titles encoded as queries, zeros for none.
    """
    u = (features - head.middle) / head.scale
    axes = discriminants(u, products, len(quiet))
    if not axes.shape[1]:
        return head
    quiet = quiet[: axes.shape[1]]
    if titles is not None and titles.any():
        is_titled = titles.any(axis=1)
        axes = axes @ turn_towards(unit_rows(u[is_titled] @ axes), titles[is_titled] @ quiet.T)
    return dataclasses.replace(head, visual=(axes @ quiet).astype(np.float32), gain=gain)


def turn_towards(rows: NDArray[np.floating], goals: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return float64 (k, k): the orthogonal matrix that rotates rows nearest to centred goals.

    Args:
        rows: float (n, k).
        goals: float (n, k).
    """
    left, _, right = np.linalg.svd(rows.T.astype(np.float64) @ (goals - goals.mean(axis=0)))
    return np.asarray(left @ right)


def discriminants(u: Vectors, products: NDArray[np.int64], rank: int) -> NDArray[np.float64]:
    """Return float64 (d, at most rank): axes by their between- over within-product scatter."""
    basis = _principal(u.astype(np.float64), DIMENSIONS)
    if not basis.shape[1]:  # all pictures are equal
        return basis
    y = u @ basis
    _, place, counts = np.unique(products, return_inverse=True, return_counts=True)
    middles = np.zeros((len(counts), y.shape[1]))
    np.add.at(middles, place, y)
    middles /= counts[:, None]
    apart = y - middles[place]
    within = apart.T @ apart / len(y)
    # Without a difference within any product there is nothing to discriminate by.
    if np.trace(within) <= LEAST * np.square(y).sum() / len(y):
        return basis[:, :0]
    within[np.diag_indices(len(within))] += SHRINK * np.trace(within) / len(within)
    values, vectors = np.linalg.eigh(within)
    whiten = vectors / np.sqrt(values)
    between = whiten.T @ (middles.T @ middles / len(middles)) @ whiten
    _, turn = np.linalg.eigh(between)
    found: NDArray[np.float64] = basis @ (whiten @ turn[:, ::-1][:, :rank])
    return found


def _principal(u: NDArray[np.float64], most: int) -> NDArray[np.float64]:
    """Return float64 (d, at most ``most``): the principal axes of the rows, longest first.

    By the smaller of the two Gram matrices, of which only so many eigenvectors are computed: a
    quarter of the time of a singular value decomposition.
    """
    from scipy.linalg import eigh

    is_wide = u.shape[0] < u.shape[1]
    gram = u @ u.T if is_wide else u.T @ u
    ends = [max(0, len(gram) - most), len(gram) - 1]
    squares, found = eigh(gram, subset_by_index=ends, overwrite_a=True, check_finite=False)
    kept = squares > LEAST * squares[-1]
    axes = found[:, kept][:, ::-1]
    return np.asarray(u.T @ axes / np.sqrt(squares[kept][::-1]) if is_wide else axes)
