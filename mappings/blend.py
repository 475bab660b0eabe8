"""The blend: one stored vector whose dot product with the query is the formula's vector part.

All vector signals of a text query share one query vector, and the formula is linear in them above
their scales' feet: sum_k s_k (q.v_k - low_k) = q.u - sum_k s_k low_k h_k, where s_k is the weight
by the scale's width, u the sum of s_k v_k, and h_k says whether the product has the signal. So one
neighbour search over (u, b, h) with (q, 1, -s low) finds the best candidates of the whole vector
part, where separate legs each find only those that are best by one signal. The feet are the
query's own; b is what does not depend on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mappings.calibration import Affine, Calibration
from mappings.vectors import ProductVectors

SIGNALS = ("text", "image", "attribute")
MORE = 1 + len(SIGNALS)
"""Numbers beside the query's own: the constant, and whether the product has each signal."""


@dataclass(frozen=True, slots=True)
class Blend:
    """The weights that the stored combination was made with, and each signal's scale.

    It is written down in the index's ``_meta`` when the index is created and stays as it is:
    later weights and scales change the formula, which is computed from the separate vectors, and
    leave the blend what it is, a good way to find candidates for weights that are near its own.

    Args:
        weights: Weight by signal name: text, image, attribute, coherence.
        scales: The signals' affine scales.
    """

    weights: Mapping[str, float]
    scales: Mapping[str, Affine]

    @classmethod
    def of(cls, weights: Mapping[str, float], calibration: Calibration) -> "Blend | None":
        """Return the blend of a profile's weights, ``None`` where a scale is not affine.

        Args:
            weights: Weight by signal name; those of other signals are left out.
            calibration: The index's scales.
        """
        names = [n for n in (*SIGNALS, "coherence") if weights.get(n, 0.0) > 0]
        scales = {n: calibration.scales.get(n) for n in names}
        affine = {n: Affine(s.low, s.high) for n, s in scales.items() if isinstance(s, Affine)}
        if not names or len(affine) != len(names):
            return None
        return cls({n: float(weights[n]) for n in names}, affine)

    def vector(self, vectors: ProductVectors) -> NDArray[np.float32] | None:
        """Return (u, b, h), float32 (dim + 4,); ``None`` for a product without any vector.

        A signal that the product lacks adds 0, as in the formula.
        """
        total: NDArray[np.float64] | None = None
        has, bias = np.zeros(len(SIGNALS)), 0.0
        for place, name in enumerate(SIGNALS):
            found = getattr(vectors, name)
            if found is None or name not in self.weights:
                continue
            part = self._slope(name) * found.astype(np.float64)
            total = part if total is None else total + part
            has[place] = 1.0
        if total is None:
            return None
        if vectors.coherence is not None and "coherence" in self.weights:
            scaled = self.scales["coherence"](np.array(vectors.coherence))
            bias += self.weights["coherence"] * float(scaled)
        return np.concatenate([total, [bias], has]).astype(np.float32)

    def query(
        self, vector: NDArray[np.float32], lows: Mapping[str, float] | None = None
    ) -> NDArray[np.float32]:
        """Return (q, 1, -s low), float32 (dim + 4,).

        Args:
            vector: The query's, float32 (dim,).
            lows: The feet of this query's scales by signal name; the blend's own where left out.
        """
        return np.concatenate([vector, [1.0], self.down(lows)]).astype(np.float32)

    def down(self, lows: Mapping[str, float] | None = None) -> tuple[float, ...]:
        """Return -s low of each signal, by which ``query`` differs beside its vector.

        Args:
            lows: As for ``query``.
        """
        feet = {n: s.low for n, s in self.scales.items()} | dict(lows or {})
        return tuple(0.0 - self._slope(n) * feet[n] if n in self.weights else 0.0 for n in SIGNALS)

    def near(self, weights: Mapping[str, float], tolerance: float = 0.3) -> bool:
        """Tell whether neighbours by this blend are good candidates under other weights.

        Both sets are brought to sum 1 over the blend's signals; they are near when they differ
        by at most ``tolerance`` in all, where 2 is the most that two sets can differ. Up to 0.3
        the top 24 kept 0.99 of brute force's on 30,000 products, at 0.5 only 0.97.

        Args:
            weights: Weight by signal name; every vector signal among them must be the blend's.
            tolerance: How far they may be apart.
        """
        names = [n for n in weights if n in (*SIGNALS, "coherence")]
        ours, theirs = sum(self.weights.values()), sum(weights[n] for n in names)
        if theirs <= 0:
            return False
        every = {*self.weights, *names}
        apart = sum(
            abs(self.weights.get(n, 0.0) / ours - weights.get(n, 0.0) / theirs) for n in every
        )
        return apart <= tolerance

    def to_meta(self) -> dict[str, Any]:
        """Return what is kept in the index's ``_meta``."""
        return {
            name: {"weight": weight, "low": self.scales[name].low, "high": self.scales[name].high}
            for name, weight in sorted(self.weights.items())
        }

    @classmethod
    def from_meta(cls, meta: Mapping[str, Any]) -> "Blend | None":
        """Return the blend that ``to_meta`` wrote, ``None`` where there is none."""
        if not meta:
            return None
        return cls(
            {name: float(entry["weight"]) for name, entry in meta.items()},
            {name: Affine(entry["low"], entry["high"]) for name, entry in meta.items()},
        )

    def _slope(self, name: str) -> float:
        scale = self.scales[name]
        return self.weights[name] / (scale.high - scale.low)
