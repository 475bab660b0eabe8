"""Predicts claims, titles and colours from pictures, by regressions fitted on a catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from encoders.protocol import Vectors, softmax_rows, unit_rows
from encoders.ridge import solve_fixed
from learn.coherence.audit_dataset import AuditDataset

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
PENALTY = 0.3
"""Relative to the mean eigenvalue of X'X; from 0.1 to 3 the measures are flat."""
FEWEST = 4
"""Least number of products with a claim that is predicted."""
COMMONEST = 0.95
"""Largest share of products with a claim: commoner ones distinguish nothing."""
MOST_CLAIMS = 500
MOST_PICTURES = 6_000
"""Pictures that a fit uses, evenly sampled: an audit fits each regression twenty times."""
PAIRS = 8_192
"""Pairs of products compared at once."""
ROUNDS = 3
"""Iterations that assign a product's colours to its pictures."""
SHARPNESS = 8.0
"""Sharpness of the softmax over colours, whose regressions are shrunk to about [0, 0.5]."""
SURE = 0.02


class Reader(Protocol):
    """Measures how well pictures agree with one kind of claims."""

    @property
    def name(self) -> str:
        """What it predicts, in one word."""
        ...

    def agreement(self, dataset: AuditDataset, claimed: Numbers, observed: Numbers) -> Floats:
        """Return float64 (p,): how well the claims of ``claimed`` fit the pictures of ``observed``.

        NaN where a product has no claims of the kind.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Regression:
    """A map from standardised features to targets.

    Args:
        middle: float64 (d,), subtracted.
        scale: float64 (d,), the divisor.
        matrix: float64 (d, t).
        bias: float64 (t,).
    """

    middle: Floats
    scale: Floats
    matrix: Floats
    bias: Floats

    def read(self, rows: Vectors | Floats) -> Floats:
        """Return float64 (n, t)."""
        return np.asarray(((rows - self.middle) / self.scale) @ self.matrix + self.bias)


def regress(rows: Vectors, targets: Floats) -> Regression:
    """Return the ridge regression of targets (n, t) on rows (n, d)."""
    wide = rows.astype(np.float64)
    middle, spread = wide.mean(axis=0), wide.std(axis=0)
    scale = spread + 0.05 * spread.mean() + 1e-9
    u = (wide - middle) / scale
    penalty = PENALTY * float(np.square(u).sum()) / min(u.shape)
    matrix, bias = solve_fixed(u, targets, max(penalty, 1e-9))
    return Regression(middle, scale, matrix, bias)


@dataclass(frozen=True, slots=True, eq=False)
class ClaimReader:
    """Predicts claims from pictures; agreement is the cosine of predicted and actual claims.

    Args:
        names: The claims that it predicts, ``name=value``.
        common: float64 (t,), the share of products with each claim.
        regression: From features to claims, each divided by its standard deviation.
    """

    names: tuple[str, ...]
    common: Floats
    regression: Regression
    name: str = "claims"

    @classmethod
    def fit(cls, dataset: AuditDataset, products: Numbers) -> ClaimReader | None:
        """Return the reader, or ``None`` where there are too few claims."""
        counts: dict[str, int] = {}
        for product in products.tolist():
            for claim in set(dataset.claims[product]):
                counts[claim] = counts.get(claim, 0) + 1
        kept = [c for c, n in counts.items() if FEWEST <= n < COMMONEST * len(products)]
        names = tuple(sorted(sorted(kept, key=lambda c: (-counts[c], c))[:MOST_CLAIMS]))
        rows = _drawn(dataset.pictures_of(products))
        if not names or len(rows) < FEWEST:
            return None
        common = np.array([counts[c] / len(products) for c in names])
        blank = cls(names, common, _NOTHING)
        claims, _ = blank.claimed(dataset, np.arange(dataset.products))
        fitted = regress(dataset.features[rows], claims[dataset.owners[rows]])
        return cls(names, common, fitted)

    def claimed(self, dataset: AuditDataset, products: Numbers) -> tuple[Floats, NDArray[np.bool_]]:
        """Return standardised claims, float64 (p, t), and which products have any."""
        place = {name: i for i, name in enumerate(self.names)}
        table = np.zeros((len(products), len(self.names)))
        for row, product in zip(table, products.tolist(), strict=True):
            for claim in dataset.claims[product]:
                if claim in place:
                    row[place[claim]] = 1.0
        spread = np.sqrt(self.common * (1 - self.common))
        return (table - self.common) / spread, np.asarray(table.any(axis=1))

    def observed(self, dataset: AuditDataset, products: Numbers) -> Floats:
        """Return the predicted standardised claims of products' pictures, float64 (p, t)."""
        return by_product(dataset, products, self.regression)

    def chances(self, observed: Floats) -> Floats:
        """Return rows of ``observed`` as probabilities, float64 in [0, 1]."""
        spread = np.sqrt(self.common * (1 - self.common))
        return np.asarray(np.clip(self.common + spread * observed, 0.0, 1.0))

    def agreement(self, dataset: AuditDataset, claimed: Numbers, observed: Numbers) -> Floats:
        """Return the cosine of actual and predicted claims for each pair."""
        own, words_at = np.unique(claimed, return_inverse=True)
        each, observed_at = np.unique(observed, return_inverse=True)
        words, has = self.claimed(dataset, own)
        found = cosines(words, self.observed(dataset, each), words_at, observed_at)
        return np.where(has[words_at], found, np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class TitleReader:
    """Predicts the title's vector from pictures; agreement is the cosine of the two.

    Args:
        mean: float64 (d_text,), the mean of all titles.
        regression: Features to centred title vectors.
    """

    mean: Floats
    regression: Regression
    name: str = "title"

    @classmethod
    def fit(cls, dataset: AuditDataset, products: Numbers) -> TitleReader | None:
        """Return the reader, or ``None`` where there are too few pictures."""
        rows = _drawn(dataset.pictures_of(products))
        if len(rows) < FEWEST:
            return None
        mean = dataset.titles[products].mean(axis=0, dtype=np.float64)
        targets = unit_rows(dataset.titles - mean).astype(np.float64)
        return cls(mean, regress(dataset.features[rows], targets[dataset.owners[rows]]))

    def agreement(self, dataset: AuditDataset, claimed: Numbers, observed: Numbers) -> Floats:
        """Return the cosine of the title and its prediction for each pair."""
        each, observed_at = np.unique(observed, return_inverse=True)
        predicted = by_product(dataset, each, self.regression)
        return cosines(dataset.titles - self.mean, predicted, claimed, observed_at)


@dataclass(frozen=True, slots=True, eq=False)
class ColourReader:
    """Predicts the colour of each picture, fitted on the colours of products.

    A product's colours are first assigned to all its pictures, then to each by the last prediction
    (expectation maximisation over the pictures of a product). Agreement goes both ways: is each
    picture of a claimed colour, and is each claimed colour on a picture?

    Source: Dietterich et al., Solving the multiple instance problem, Artificial Intelligence 89,
    1997, for the setting; Dempster, Laird & Rubin, Maximum likelihood from incomplete data, 1977.

    Args:
        names: The colours, as the catalogue calls them.
        regression: Colour histograms to colours.
    """

    names: tuple[str, ...]
    regression: Regression
    name: str = "colour"

    @classmethod
    def fit(cls, dataset: AuditDataset, products: Numbers) -> ColourReader | None:
        """Return the reader, or ``None`` where fewer than two colours are frequent enough."""
        if dataset.colours is None:
            return None
        counts: dict[str, int] = {}
        for product in products.tolist():
            for colour in claimed_colours(dataset.claims[product]):
                counts[colour] = counts.get(colour, 0) + 1
        names = tuple(sorted(c for c, n in counts.items() if n >= FEWEST))[:MOST_CLAIMS]
        if len(names) < 2:
            return None
        rows = _drawn(dataset.pictures_of(products))
        allowed = _colour_table(dataset, names)[dataset.owners[rows]]
        rows, allowed = rows[allowed.any(axis=1)], allowed[allowed.any(axis=1)]
        seen = dataset.colours[rows]
        shares = allowed / allowed.sum(axis=1, keepdims=True)
        for _ in range(ROUNDS):
            read = regress(seen, shares).read(seen)
            shares = softmax_rows(np.where(allowed > 0, SHARPNESS * read, -np.inf))
        return cls(names, regress(seen, shares))

    def chances(self, histograms: Vectors) -> Floats:
        """Return each picture's probability of each colour, float64 (n, colours), rows sum to 1."""
        return softmax_rows(SHARPNESS * self.regression.read(histograms))

    def agreement(self, dataset: AuditDataset, claimed: Numbers, observed: Numbers) -> Floats:
        """Return mean log chances of pictures and claimed colours, at most 0, for each pair."""
        assert dataset.colours is not None
        table = _colour_table(dataset, self.names) > 0
        chances = self.chances(dataset.colours)
        ends = np.searchsorted(dataset.owners, np.arange(dataset.products + 1))
        found = np.full(len(claimed), np.nan)
        for n, (i, j) in enumerate(zip(claimed.tolist(), observed.tolist(), strict=True)):
            if table[i].any() and ends[j] < ends[j + 1]:
                of_claimed = chances[ends[j] : ends[j + 1], table[i]]
                each = np.log(of_claimed.sum(axis=1) + SURE).mean()
                found[n] = each + np.log(of_claimed.max(axis=0) + SURE).mean()
        return found


def claimed_colours(claims: tuple[str, ...]) -> tuple[str, ...]:
    """Return the colours among a product's claims."""
    return tuple(c.partition("=")[2] for c in claims if c.startswith("color="))


def by_product(dataset: AuditDataset, products: Numbers, regression: Regression) -> Floats:
    """Return the mean prediction over each product's pictures, (p, t); NaN without pictures.

    Args:
        dataset: Catalogue.
        products: int64 (p,), each once, rising.
        regression: Predicts.
    """
    rows = dataset.pictures_of(products)
    place = np.searchsorted(products, dataset.owners[rows])
    # The regression is linear, so that features can be averaged first.
    total = np.zeros((len(products), dataset.features.shape[1]))
    np.add.at(total, place, dataset.features[rows])
    counts = np.bincount(place, minlength=len(products))
    with np.errstate(invalid="ignore", divide="ignore"):
        return regression.read(total / counts[:, None])


def cosines(left: Floats, right: Floats, i: Numbers, j: Numbers) -> Floats:
    """Return the cosines of rows ``i`` of left and ``j`` of right, float64 (p,); NaN of NaN.

    Args:
        left: float64 (n, t).
        right: float64 (m, t).
        i: int64 (p,).
        j: int64 (p,).
    """
    ours = left / np.maximum(np.linalg.norm(left, axis=1, keepdims=True), 1e-12)
    theirs = right / np.maximum(np.linalg.norm(right, axis=1, keepdims=True), 1e-12)
    parts = range(0, len(i), PAIRS)
    found = [np.einsum("pt,pt->p", ours[i[s : s + PAIRS]], theirs[j[s : s + PAIRS]]) for s in parts]
    return np.concatenate([np.empty(0), *found])


def _drawn(rows: Numbers) -> Numbers:
    """Return at most ``MOST_PICTURES`` of the rows, evenly spread."""
    step = max(1, -(-len(rows) // MOST_PICTURES))
    return rows[::step]


def _colour_table(dataset: AuditDataset, names: tuple[str, ...]) -> Floats:
    place = {name: i for i, name in enumerate(names)}
    table = np.zeros((dataset.products, len(names)))
    for row, claims in zip(table, dataset.claims, strict=True):
        for colour in claimed_colours(claims):
            if colour in place:
                row[place[colour]] = 1.0
    return table


_NOTHING = Regression(np.zeros(0), np.ones(0), np.zeros((0, 0)), np.zeros(0))
