"""Ridge regression in closed form, its penalty chosen by exact leave-one-out errors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
GRID = np.logspace(-4, 3, 15)
"""Penalties tried, in units of the mean eigenvalue of X'X."""


@dataclass(frozen=True, slots=True)
class Ridge:
    """A fitted regression y = x W + b.

    Args:
        matrix: W, float64 (d_in, d_out).
        bias: b, float64 (d_out,).
        penalty: The lambda used.
        error: Mean squared leave-one-out error at that lambda.
    """

    matrix: Matrix
    bias: Matrix
    penalty: float
    error: float


def solve_ridge(
    features: NDArray[np.floating], targets: NDArray[np.floating], penalty: float | None
) -> Ridge:
    """Return the regression of ``targets`` on ``features``.

    With the thin decomposition X = U S V', the hat matrix is U f U' with f = s^2/(s^2 + lambda),
    so that each penalty costs one product, and the error of leaving out row i is exactly
    r_i / (1 - h_ii).

    Source: Golub, Heath & Wahba, Generalized Cross-Validation, Technometrics 21(2), 1979;
    Allen's PRESS statistic for the leave-one-out identity.

    Args:
        features: Floats (n, d_in).
        targets: Floats (n, d_out).
        penalty: Lambda, or ``None`` for the best of ``GRID``.
    """
    x = np.asarray(features, dtype=np.float64)
    y = np.asarray(targets, dtype=np.float64)
    middle_x, middle_y = x.mean(axis=0), y.mean(axis=0)
    x, y = x - middle_x, y - middle_y
    left, squares, right = _decompose(x)
    inside = left.T @ y
    if penalty is None:
        unit = max(float(squares.mean()), 1e-12)
        tried = [(_loo(left, squares, inside, y, g * unit), g * unit) for g in GRID]
        error, penalty = min(tried)
    else:
        error = _loo(left, squares, inside, y, penalty)
    shrunk = np.sqrt(squares) / (squares + penalty)
    matrix = right @ (shrunk[:, None] * inside)
    return Ridge(matrix, middle_y - middle_x @ matrix, float(penalty), error)


def _decompose(x: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """Return U (n, r), s^2 (r,) and V (d, r) of X, from the smaller of its two Gram matrices."""
    tall = x.shape[0] > x.shape[1]
    squares, vectors = np.linalg.eigh(x.T @ x if tall else x @ x.T)
    kept = squares > max(squares[-1], 1e-300) * 1e-10
    squares, vectors = squares[kept], vectors[:, kept]
    other = (x if tall else x.T) @ vectors / np.sqrt(squares)
    return (other, squares, vectors) if tall else (vectors, squares, other)


def _loo(left: Matrix, squares: Matrix, inside: Matrix, y: Matrix, penalty: float) -> float:
    """Return the mean squared error of predicting each row from all the others."""
    return float(np.square(_missed(left, squares, inside, y, penalty)).mean())


def _missed(left: Matrix, squares: Matrix, inside: Matrix, y: Matrix, penalty: float) -> Matrix:
    """Return the leave-one-out residuals, in the shape of ``y``."""
    kept = squares / (squares + penalty)
    residual = y - left @ (kept[:, None] * inside)
    # The intercept is fitted too, which adds 1/n to every leverage.
    leverage = np.square(left) @ kept + 1.0 / len(y)
    return np.asarray(residual / np.maximum(1.0 - leverage, 1e-9)[:, None])


def solve_fixed(
    features: NDArray[np.floating], targets: NDArray[np.floating], penalty: float
) -> tuple[Matrix, Matrix]:
    """Return W and b of the regression at one penalty, by Cholesky of the smaller Gram matrix.

    Where rows are fewer than columns the dual is solved: W = X' (X X' + lambda I)^-1 Y. About
    four times as fast as the decomposition that ``solve_ridge`` needs to choose a penalty.

    Source: Saunders, Gammerman & Vovk, Ridge Regression Learning Algorithm in Dual Variables,
    ICML 1998.

    Args:
        features: Floats (n, d_in).
        targets: Floats (n, d_out).
        penalty: Lambda, above 0.

    Returns:
        float64 (d_in, d_out) and float64 (d_out,).
    """
    from scipy.linalg import cho_factor, cho_solve

    x = np.asarray(features, dtype=np.float64)
    y = np.asarray(targets, dtype=np.float64)
    middle_x, middle_y = x.mean(axis=0), y.mean(axis=0)
    x, y = x - middle_x, y - middle_y
    dual = x.shape[0] < x.shape[1]
    gram = x @ x.T if dual else x.T @ x
    gram[np.diag_indices(len(gram))] += penalty
    factor = cho_factor(gram, lower=True, overwrite_a=True, check_finite=False)
    solved = cho_solve(factor, y if dual else x.T @ y, check_finite=False)
    matrix: Matrix = x.T @ solved if dual else solved
    return matrix, middle_y - middle_x @ matrix


def left_out(
    features: NDArray[np.floating], targets: NDArray[np.floating], penalty: float
) -> Matrix:
    """Return each row as the regression on all the other rows predicts it, float64 (n, d_out).

    Source: Allen, The relationship between variable selection and data augmentation and a method
    for prediction, Technometrics 16(1), 1974 (the leave-one-out identity).

    Args:
        features: Floats (n, d_in), n at least 2.
        targets: Floats (n, d_out).
        penalty: Lambda, above 0.
    """
    x = np.asarray(features, dtype=np.float64)
    y = np.asarray(targets, dtype=np.float64)
    own = y - y.mean(axis=0)
    left, squares, _ = _decompose(x - x.mean(axis=0))
    return y - _missed(left, squares, left.T @ own, own, penalty)
