"""The head that ships maps features to class probabilities, and these to the classes' texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from encoders.head import Tensors, Words, head_digest, require_width
from encoders.protocol import Vectors, softmax_rows, unit_rows


@dataclass(frozen=True, slots=True, eq=False)
class GenericHead:
    """A map x -> unit(P(p T)), p = softmax(length * unit(x) W + b); it is made without pictures.

    Where a row holds several views of a picture (middle, whole, heart), their outputs are added;
    what follows the views in a row (colours) is ignored.

    Args:
        weights: W, float32 (d, classes), the classifier's own.
        bias: b, float32 (classes,).
        targets: T, float32 (classes, d_out), from ``learn.align.coldstart.class_targets``.
        text_mean: float32 (d_out,), unit length; P removes this direction.
        length: Unit features are multiplied by it, as the classifier was trained without scaling.
        views: How many views a row begins with.
        width: Length of a row; 0 for the views alone.
        source_space: The space of the input vectors.
        target_space: The space of the output vectors.
    """

    weights: Vectors
    bias: Vectors
    targets: Vectors
    text_mean: Vectors
    length: float
    views: int = 1
    width: int = 0
    source_space: str = ""
    target_space: str = ""

    kind: ClassVar[str] = "generic"

    @property
    def d_in(self) -> int:
        """Length of the input rows."""
        return self.width or self.views * len(self.weights)

    @property
    def d_out(self) -> int:
        """Length of the output rows."""
        return int(self.targets.shape[1])

    @property
    def digest(self) -> str:
        """Twelve hexadecimal characters that change with the numbers or the spaces."""
        return head_digest(self.words(), self.tensors())

    def apply(self, rows: NDArray[np.floating]) -> Vectors:
        """Return float32 (n, d_out) unit rows for float (n, d_in) features.

        Raises:
            InputError: The rows have another length.
        """
        return unit_rows(self.votes(rows))

    def votes(self, rows: NDArray[np.floating]) -> Vectors:
        """Return float32 (n, d_out), not normalised: the surer the classifier, the longer, up to 1.

        Raises:
            InputError: The rows have another length.
        """
        require_width(rows, self.d_in, "projection")
        d = len(self.weights)
        found = np.zeros((len(rows), self.d_out), dtype=np.float32)
        for view in range(self.views):
            found += self._answer(unit_rows(rows[:, view * d : (view + 1) * d]))
        return np.asarray(found / self.views, dtype=np.float32)

    def _answer(self, rows: Vectors) -> Vectors:
        logits = self.length * (rows @ self.weights) + self.bias
        found = np.asarray(softmax_rows(logits) @ self.targets, dtype=np.float32)
        return found - np.outer(found @ self.text_mean, self.text_mean)

    def words(self) -> Words:
        """Return the card."""
        return {
            "length": self.length,
            "views": self.views,
            "width": self.width,
            "source_space": self.source_space,
            "target_space": self.target_space,
        }

    def tensors(self) -> Tensors:
        """Return the tensors by name."""
        return {
            "weights": self.weights,
            "bias": self.bias,
            "targets": self.targets,
            "text_mean": self.text_mean,
        }

    @classmethod
    def of(cls, words: Words, tensors: Tensors) -> GenericHead:
        """Return the head of a card and its tensors."""
        known: Words = {**tensors, **words}
        return cls(**known)
