"""The head that ships: picture features to class probabilities to the classes' texts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from encoders.protocol import Vectors, unit_rows
from mappings.errors import InputError


@dataclass(frozen=True, slots=True, eq=False)
class GenericHead:
    """A map x -> unit(P(p T)), p = softmax(length * x W + b): no picture was needed to make it.

    Args:
        weights: W, float32 (d, classes), the classifier's own.
        bias: b, float32 (classes,).
        targets: T, float32 (classes, 384), from ``class_targets``.
        text_mean: float32 (384,), unit length; P takes this direction away.
        length: What unit features are multiplied by, as the classifier knows them at full length.
    """

    weights: Vectors
    bias: Vectors
    targets: Vectors
    text_mean: Vectors
    length: float

    def apply(self, rows: NDArray[np.floating]) -> Vectors:
        """Return float32 (n, 384) unit rows for unit features (n, d).

        Raises:
            InputError: The rows have another length.
        """
        if rows.ndim != 2 or rows.shape[1] != len(self.weights):
            raise InputError(
                f"The head takes rows of {len(self.weights)} numbers; given was {rows.shape}.",
                "Encode with the encoder whose classifier this is.",
            )
        logits = self.length * (np.asarray(rows, dtype=np.float32) @ self.weights) + self.bias
        chances = np.exp(logits - logits.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        found = chances @ self.targets
        return unit_rows(found - np.outer(found @ self.text_mean, self.text_mean))
