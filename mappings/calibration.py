"""Calibration: fixed maps from a signal's raw value to a scale on which weights mean something."""

import base64
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
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

    As measured, ``low`` is what the signal says of any product, and ``high`` lies twice as far
    above it as chance gets in 99.9 % of unrelated pairs: 0 means "like any product", a half means
    "hardly ever by chance", and what is certain has room above that.
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
class Centred(Affine):
    """An affine scale whose foot is each query's own: what it says of the average product.

    Queries differ in how near they are to everything: short ones, rare ones, and those in another
    language than the catalogue's, whose best cosine may lie below the median of others. By the
    centre the foot is known before anything is searched: the mean of q.v over all v is q.mean(v).

    Args:
        low: The median over pseudo-queries, for use without a query.
        high: As far above ``low`` as 1 is above each query's own foot.
        clip: Whether values are cut off at 1.
        centre: The mean product vector, float16 (d,) in base64, as ``pack`` writes it.
    """

    centre: str = ""

    def at(self, query: NDArray[np.float32]) -> Affine:
        """Return the scale of one query.

        Args:
            query: Its vector, float32 (d,).

        Raises:
            InputError: The vector has another length than the centre.
        """
        middle = unpack(self.centre)
        if middle.shape != query.shape:
            raise InputError(
                f"The query has {len(query)} dimensions, the scale's centre {len(middle)}.",
                "Measure the scales anew: `shelfsight index calibrate`.",
            )
        foot = float(middle @ query.astype(np.float64))
        return Affine(foot, foot + (self.high - self.low), self.clip)


@dataclass(frozen=True, slots=True)
class Worded(Affine):
    """An affine scale from 0 whose end grows with the query's words, for BM25.

    BM25 adds up over words, so what is much for one word is little for six. What one product in a
    thousand reaches for pseudo-queries grows like ``c * words ** power``; that is a half.

    Args:
        low: 0.
        high: 1's place for a query of the usual length, for use without a query.
        clip: Whether values are cut off at 1.
        latin: c for words in letters.
        cjk: c for Chinese, Japanese and Korean characters, each of which is a word.
        power: How it grows, above 0 and at most 1.
    """

    latin: float = 5.0
    cjk: float = 5.0
    power: float = 0.75

    def __post_init__(self) -> None:
        Affine.__post_init__(self)
        if not (0 < self.latin < np.inf and 0 < self.cjk < np.inf and 0 < self.power <= 1):
            raise InputError(
                f"A scale of {self.latin} and {self.cjk} a word, growing by {self.power}, is not"
                " usable.",
                "Give positive numbers, and a power of at most 1.",
            )

    def at(self, latin: int, cjk: int) -> Affine:
        """Return the scale of a query of so many words in letters and so many characters."""
        half = self.latin * latin**self.power + self.cjk * cjk**self.power
        return Affine(0.0, 2.0 * half if half else self.high, self.clip)


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


def pack(centre: NDArray[np.floating]) -> str:
    """Return a vector as text, half precision: 1 KB for 384 numbers."""
    return base64.b64encode(centre.astype("<f2").tobytes()).decode("ascii")


@lru_cache(maxsize=64)  # asked for with every search
def unpack(text: str) -> Floats:
    """Return the vector that ``pack`` wrote, float64 (d,), not to be written to.

    Raises:
        InputError: It is no such text.
    """
    try:
        vector = np.frombuffer(base64.b64decode(text, validate=True), "<f2").astype(np.float64)
    except ValueError:
        raise InputError(
            "A scale's centre cannot be read.",
            "Measure the scales anew: `shelfsight index calibrate`.",
        ) from None
    vector.flags.writeable = False
    return vector


KINDS: dict[str, type[Affine] | type[Saturation] | type[Raw]] = {
    "affine": Affine,
    "centred": Centred,
    "worded": Worded,
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
