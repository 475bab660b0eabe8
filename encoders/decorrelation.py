"""Decorrelates a catalogue's attribute values, so that a sum of them reveals each one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from encoders.atomic_io import write_atomically
from encoders.protocol import Vectors
from mappings.errors import InputError

RIDGE = 0.3
"""Relative to the mean eigenvalue. 0.3 to 10 all raise the demo's S_qa, smaller ones more."""


@dataclass(frozen=True, slots=True, eq=False)
class Decorrelation:
    """A symmetric matrix W: a value's vector e becomes W e.

    Args:
        matrix: float32 (d, d).
    """

    matrix: Vectors

    @property
    def digest(self) -> str:
        """Twelve hexadecimal characters that change with any number."""
        return hashlib.sha256(self.matrix.astype("<f4").tobytes()).hexdigest()[:12]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Decorrelation) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @classmethod
    def fit(cls, values: Vectors) -> Decorrelation | None:
        """Return W = P (C / s + (RIDGE + d / n) I)^-1 P of a catalogue's values.

        P removes the direction of the values' mean, which every text shares. C is the covariance
        of the rest, s its mean eigenvalue. A product's sum of W e is then the least-squares answer
        to "which values are in it": q . a is large if the value near q is in the sum, and the other
        99 hardly matter. d / n keeps W near a multiple of P where few values are known, so that an
        unknown value does not get too large a weight.
        Source: the regularised optimal linear associative memory, Kohonen & Ruohonen,
        Representation of Associated Data by Matrix Operators, 1973.

        Args:
            values: float32 (n, d) unit rows, each value once.

        Returns:
            ``None`` when fewer than two values differ.
        """
        wide = np.asarray(values, dtype=np.float64)
        if len(wide) < 2:
            return None
        n, d = wide.shape
        common = wide.mean(axis=0)
        common /= max(float(np.linalg.norm(common)), 1e-12)
        away = np.eye(d) - np.outer(common, common)
        apart = wide @ away
        covariance = apart.T @ apart / n
        spread = float(np.trace(covariance)) / d
        if spread < 1e-12:
            return None
        kept = np.linalg.inv(covariance / spread + (RIDGE + d / n) * np.eye(d))
        return cls((away @ kept @ away).astype(np.float32))

    def save(self, path: Path) -> None:
        """Write it atomically as float32 safetensors."""
        from safetensors.numpy import save

        write_atomically(path, save({"matrix": self.matrix}))

    @classmethod
    def load(cls, path: Path) -> Decorrelation:
        """Return what ``save`` wrote.

        Raises:
            InputError: The file is missing, or holds something else.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            return cls(load_file(str(path))["matrix"])
        except (OSError, KeyError, SafetensorError) as error:
            raise InputError(
                f"No decorrelation of attribute values can be read from {str(path)!r}: {error}.",
                "Restore the space folder from where it was made, or ingest into a new index.",
            ) from None
