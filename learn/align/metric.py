"""The metric of a head's text part: which differences between texts say something of a picture."""

from __future__ import annotations

import numpy as np

from encoders.protocol import Vectors
from learn.align.generic import GenericTexts

SHRINK = 1.0
"""Of the mean variance, added to every direction's: what texts are too few to tell apart stays."""
LEAST = 1e-12
"""Mean variance of unit vectors' numbers below which it is rounding."""


def text_metric(texts: GenericTexts | None, own: Vectors) -> Vectors:
    """Return float32 (d, d): the inverse square root of how texts vary, at most 1 in length.

    Ridge puts a picture at the mean of its texts, where the few directions in which all texts
    differ (length, language, register) drown what tells one kind from another. Dividing each by
    its spread is half of Fisher's discriminant, which divides by the variance. On clothing photos
    left out (bench/alignment.py), P@10 of the classes' Chinese names is 0.97 instead of 0.91, of
    Chinese words never learned 0.54 instead of 0.49.

    Source: Fisher, The use of multiple measurements in taxonomic problems, 1936; Friedman,
    Regularized Discriminant Analysis, 1989.

    Args:
        texts: Statistics of generic texts, ``None`` for none.
        own: float32 (t, d), the catalogue's texts.
    """
    scatter = np.cov(own.astype(np.float64), rowvar=False, bias=True)
    if texts is not None:
        mean = texts.mean.astype(np.float64)
        scatter += texts.moment.astype(np.float64) - np.outer(mean, mean)
    usual = float(np.trace(scatter)) / len(scatter)
    if usual <= LEAST:  # all texts are one
        return np.eye(len(scatter), dtype=np.float32)
    spread, axes = np.linalg.eigh(scatter)
    lengths = np.maximum(spread, 0.0) + SHRINK * usual
    weakened = axes * np.sqrt(lengths.min() / lengths)
    return np.asarray(weakened @ axes.T, dtype=np.float32)
