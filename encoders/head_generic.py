"""The head that ships: picture features to class probabilities to the classes' texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from encoders.head import Tensors, Words, head_digest, require_width
from encoders.protocol import Vectors, softmax_rows, unit_rows


@dataclass(frozen=True, slots=True, eq=False)
class GenericHead:
    """A map x -> unit(P(p T)), p = softmax(length * unit(x) W + b): no picture was needed for it.

    Where a row holds several views of a picture (middle, whole, heart), each answers, and the
    answers are added; what follows the views in a row (colours) is not looked at.

    Args:
        weights: W, float32 (d, classes), the classifier's own.
        bias: b, float32 (classes,).
        targets: T, float32 (classes, d_out), from ``learn.align.coldstart.class_targets``.
        text_mean: float32 (d_out,), unit length; P takes this direction away.
        length: What unit features are multiplied by, as the classifier knows them at full length.
        views: How many views a row begins with.
        width: Length of a row; 0 for the views alone.
        source_space: The space whose vectors go in.
        target_space: The space whose vectors come out.
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
        """Length of the rows that go in."""
        return self.width or self.views * len(self.weights)

    @property
    def d_out(self) -> int:
        """Length of the rows that come out."""
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
        """Return float32 (n, d_out): the same, as long as the classifier is sure, at most 1.

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
        """Return the numbers by name."""
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
