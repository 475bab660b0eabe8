"""Calibration: fixed maps from a signal's raw value to a scale on which weights mean something."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mappings.errors import InputError

Floats = NDArray[np.float64]


class Scale(Protocol):
    """A monotone map from raw values to the calibrated scale; never negative."""

    def __call__(self, raw: Floats) -> Floats:
        """Return the calibrated values, float64, the shape of ``raw``."""


@dataclass(frozen=True, slots=True)
class Affine:
    """(s - low) / (high - low), cut off at 0 below; with ``clip`` also at 1 above.

    ``low`` is the median and ``high`` the 99.9th percentile of the signal between unrelated
    pairs, so 0 means "like any product" and 1 means "hardly ever by chance".
    """

    low: float
    high: float
    clip: bool = False

    def __post_init__(self) -> None:
        # NaN fails both comparisons; a division by zero would fail every search.
        if not (-np.inf < self.low < self.high < np.inf):
            raise InputError(
                f"A scale from {self.low} to {self.high} is empty.",
                "Give a finite low below a finite high, or `raw`.",
            )

    def __call__(self, raw: Floats) -> Floats:
        """Return the calibrated values, float64, the shape of ``raw``."""
        scaled = np.maximum((np.asarray(raw, np.float64) - self.low) / (self.high - self.low), 0.0)
        return np.minimum(scaled, 1.0) if self.clip else scaled


@dataclass(frozen=True, slots=True)
class Saturation:
    """s / (s + c), for scores without an upper end such as BM25; in [0, 1)."""

    c: float

    def __post_init__(self) -> None:
        if not 0 < self.c < np.inf:
            raise InputError(
                f"A saturation constant of {self.c} is not usable.", "Give a positive number."
            )

    def __call__(self, raw: Floats) -> Floats:
        """Return the calibrated values, float64, the shape of ``raw``."""
        s = np.maximum(np.asarray(raw, np.float64), 0.0)
        return np.asarray(s / (s + self.c))


@dataclass(frozen=True, slots=True)
class Raw:
    """The value as it is: reproduces the source's own arithmetic."""

    def __call__(self, raw: Floats) -> Floats:
        """Return ``raw`` unchanged, as float64."""
        return np.asarray(raw, np.float64)


KINDS: dict[str, type[Affine] | type[Saturation] | type[Raw]] = {
    "affine": Affine,
    "saturation": Saturation,
    "raw": Raw,
}


@dataclass(frozen=True, slots=True)
class Calibration:
    """One scale for each signal of an index, by the signal's name."""

    scales: Mapping[str, Affine | Saturation | Raw]

    def __getitem__(self, signal: str) -> Affine | Saturation | Raw:
        return self.scales[signal]

    def to_meta(self) -> dict[str, Any]:
        """Return what is kept in the index's ``_meta``."""
        names = {kind: name for name, kind in KINDS.items()}
        return {k: {"kind": names[type(s)], **asdict(s)} for k, s in sorted(self.scales.items())}

    @classmethod
    def from_meta(cls, meta: Mapping[str, Any]) -> "Calibration":
        """Return the calibration that ``to_meta`` wrote.

        Raises:
            InputError: An entry is of no known kind, or lacks a number; the signal is named.
        """
        scales = {}
        for signal, entry in meta.items():
            values = {k: v for k, v in entry.items() if k != "kind"}
            try:
                scales[signal] = KINDS[entry["kind"]](**values)
            except (KeyError, TypeError):
                raise InputError(
                    f"The index's calibration of {signal!r} cannot be read: {dict(entry)}.",
                    f"Known kinds: {', '.join(KINDS)}. "
                    "Create the index anew: `shelfsight index create`.",
                ) from None
        return cls(scales)
