"""The query adapter of a head: fitted on a catalogue's titles and its pictures' vectors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from encoders.adapter import QueryAdapter
from encoders.head_aligned import AlignedHead
from encoders.head_blend import BlendedHead, fitted_of, with_fitted
from encoders.kinds.names import load_names
from encoders.protocol import Vectors, unit_rows
from encoders.ridge import left_out, solve_fixed

FEWEST = 30
"""Products with a title and a picture below which nothing is fitted."""
FEWEST_NAMED = 10
"""Different first names below which names are not learned."""
PENALTY = 0.1
"""Of the ridge; the rows have unit length."""
LEAST = 0.05
"""Cosine below which what is predicted is no better than chance."""


def with_adapter(
    head: AlignedHead | BlendedHead,
    features: Vectors,
    products: NDArray[np.int64],
    titles: Vectors | None,
    names: NDArray[np.str_] | None = None,
) -> AlignedHead | BlendedHead:
    """Return the head with what a query is moved by before it asks pictures.

    Ridge from titles to the mean of their pictures' vectors, both without their means and of unit
    length. What it adds to a title is, on average, as long as it is right: the cosine of what it
    predicts for titles left out to where their pictures are. So titles that say nothing of the
    pictures move nothing, and a query unlike the titles hardly moves, as ridge shrinks it. On
    luma's titles left out (bench/alignment.py), recall@10 of their own pictures is 0.62 instead of
    0.58 over seven ways to leave out; with first names 0.64.

    Source: Hoerl & Kennard, Ridge Regression, Technometrics 12(1), 1970.

    Args:
        head: Fitted on the same features, whole but for this.
        features: float32 (n, d_in).
        products: int64 (n,), the product of each picture.
        titles: float32 (n, d), the title of each picture's product as a query, zeros for none.
        names: (n,), the first name that each title begins with (``FirstNames.first``), empty for
            none; ``None`` to learn nothing of names.
    """
    if titles is None:
        return head
    titled = np.flatnonzero(titles.any(axis=1))
    _, first, place = np.unique(products[titled], return_index=True, return_inverse=True)
    if len(first) < FEWEST:
        return head
    shown = np.zeros((len(first), head.d_out))
    np.add.at(shown, place, head.apply(features[titled]))
    shown /= np.bincount(place)[:, None]
    asked = titles[titled][first].astype(np.float64)
    mean = asked.mean(axis=0)
    apart = unit_rows(asked - mean)
    goals = unit_rows(shown - shown.mean(axis=0))
    matrix, _ = solve_fixed(apart, goals, PENALTY)
    expected = left_out(apart, goals, PENALTY)
    lengths = np.linalg.norm(expected, axis=1)
    right = float((unit_rows(expected) * goals).sum(axis=1).mean())
    if right < LEAST or lengths.mean() < LEAST:
        return head
    scale = right / float(lengths.mean())
    adapter = QueryAdapter((scale * matrix).astype(np.float32), mean.astype(np.float32))
    if names is not None:
        adapter = replace(adapter, named=_named(goals, names[titled][first]))
    return with_fitted(head, replace(fitted_of(head), adapter=adapter))


def _named(goals: NDArray[np.floating], names: NDArray[np.str_]) -> Vectors:
    """Return where a woman's first name leads, float32 (d,); (0,) where names say nothing.

    The mean, over names, of where their products' pictures are, a man's taken the other way. It is
    as long as it is right: the mean cosine of what the *other* names say to where a name's pictures
    are, so that a brand that sounds like a name does not speak for all. By chance that is above
    half of 1 / sqrt(names) once in twenty, where pictures differ in some twenty directions; what
    is below 1 / sqrt(names) is taken for chance.

    Args:
        goals: float (n, d), unit rows: where each product's pictures are, without the mean.
        names: (n,), of each product's title; empty for none.
    """
    none = np.zeros(0, dtype=np.float32)
    genders = load_names().genders(names)
    known = np.flatnonzero(genders)
    distinct, place = np.unique(names[known], return_inverse=True)
    if len(distinct) < FEWEST_NAMED:
        return none
    own = np.zeros((len(distinct), goals.shape[1]))
    np.add.at(own, place, genders[known, None] * goals[known])
    own /= np.bincount(place)[:, None]
    total = own.sum(axis=0)
    right = float((unit_rows(total - own) * own).sum(axis=1).mean())
    if right < max(LEAST, len(distinct) ** -0.5):
        return none
    found: Vectors = (right * unit_rows(total[None])[0]).astype(np.float32)
    return found
