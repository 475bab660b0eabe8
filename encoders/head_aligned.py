"""A learned map from picture features into the text space: ridge plus a small residual tower."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from encoders.adapter import QueryAdapter
from encoders.head import Tensors, Words, head_digest, require_width
from encoders.protocol import Vectors, softmax_rows, unit_rows

_TENSORS = (
    "middle", "scale", "linear", "hidden", "hidden_bias", "out", "text_mean", "metric", "visual",
)  # fmt: skip
_CENTRES = {"said": "text_centres", "seen": "visual_centres"}
"""Names of the centres in files and on the head."""
_ADAPTER = "adapter."
SURE = (5.0, 10.0)
"""Sharpness of the softmax over centres, for the text parts and for the visual parts."""


def _none() -> Vectors:
    return np.zeros((0, 0), dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class AlignedHead:
    """A map x -> unit(K(unit(P(t M))) + gain * unit(u V)), t = P(u L + g(u H + c) O).

    u is (x - middle) / scale and g is max(0, .). P removes the mean direction of texts, so that a
    dot product with an uncentred text vector ranks like one with a centred vector. M weakens the
    directions in which all texts vary. u V is the visual part, in directions in which texts hardly
    vary: it brings pictures of one product together. It has the same length for every picture, so
    that the ranking of pictures for a text does not change.
    K moves the text part towards the centres of the categories that the picture resembles, by a
    softmax over its cosines to the centres of both parts; without centres it changes nothing.

    Args:
        middle: float32 (d,), mean of the features.
        scale: float32 (d,), their standard deviation.
        linear: L, float32 (d, 384), scaled so that text parts have length 1 on average.
        hidden: H, float32 (d, h); h may be 0.
        hidden_bias: c, float32 (h,).
        out: O, float32 (h, 384).
        text_mean: float32 (384,), unit length.
        metric: M, float32 (384, 384), from ``learn.align.metric``.
        visual: V, float32 (d, 384); anything where ``gain`` is 0.
        gain: Length of the visual part relative to the text part, at least 0.
        text_centres: float32 (k, 384) unit rows, of the text parts of k categories; k may be 0.
        visual_centres: float32 (k, 384) unit rows, of their visual parts.
        centre_weight: Length of the move towards the centres, relative to the text part.
        adapter: Moves queries before they are compared with these pictures; ``None`` for nothing.
        source_space: The space of the input vectors.
        target_space: The space of the output vectors.
        fitted_on: Number of pictures.
        seed: The seed of sampling and initial weights.
    """

    middle: Vectors
    scale: Vectors
    linear: Vectors
    hidden: Vectors
    hidden_bias: Vectors
    out: Vectors
    text_mean: Vectors
    metric: Vectors
    visual: Vectors
    gain: float = 0.0
    text_centres: Vectors = field(default_factory=_none)
    visual_centres: Vectors = field(default_factory=_none)
    centre_weight: float = 0.0
    adapter: QueryAdapter | None = None
    source_space: str = ""
    target_space: str = ""
    fitted_on: int = 0
    seed: int = 0

    kind: ClassVar[str] = "aligned"

    @property
    def d_in(self) -> int:
        """Length of the input rows."""
        return len(self.middle)

    @property
    def d_out(self) -> int:
        """Length of the output rows."""
        return int(self.linear.shape[1])

    @property
    def digest(self) -> str:
        """Twelve hexadecimal characters that change with the numbers or the spaces."""
        return head_digest(self.words(), self.tensors())

    def apply(self, rows: NDArray[np.floating]) -> Vectors:
        """Return float32 (n, d_out) unit rows for float (n, d_in) features.

        Raises:
            InputError: The rows have another length.
        """
        text, visual = self.parts(rows)
        return self.joined(text, visual)

    def joined(self, text: NDArray[np.floating], visual: Vectors) -> Vectors:
        """Return float32 (n, d_out) unit rows of text parts, of any length, and visual parts."""
        flat = self.flat(text)
        if len(self.text_centres):
            near = (
                SURE[0] * flat @ self.text_centres.T
                + SURE[1] * unit_rows(visual) @ self.visual_centres.T
            )
            flat = unit_rows(flat + self.centre_weight * (softmax_rows(near) @ self.text_centres))
        return unit_rows(flat + visual)

    def flat(self, text: NDArray[np.floating]) -> Vectors:
        """Return the direction of text parts of any length by the metric, float32 (n, d_out)."""
        return unit_rows(self._flat(text @ self.metric))

    def parts(self, rows: NDArray[np.floating]) -> tuple[NDArray[np.floating], Vectors]:
        """Return the text part and the visual part, (n, d_out) each, for float (n, d_in) features.

        The text part of a ridge has length 1 on average; pictures unlike the training pictures
        get a shorter one. A head with a hidden layer was trained on directions alone: its text
        parts have length 1. The visual part has length ``gain``.

        Raises:
            InputError: The rows have another length.
        """
        require_width(rows, self.d_in, "projection")
        u = (np.asarray(rows, dtype=np.float32) - self.middle) / self.scale
        more = np.maximum(u @ self.hidden + self.hidden_bias, 0) @ self.out
        text = self._flat(u @ self.linear + more)
        if self.hidden.shape[1]:
            text = unit_rows(text)
        if not self.gain:
            return text, np.zeros_like(text, dtype=np.float32)
        return text, np.float32(self.gain) * unit_rows(u @ self.visual)

    def _flat(self, text: NDArray[np.floating]) -> NDArray[np.floating]:
        return text - np.outer(text @ self.text_mean, self.text_mean)

    def words(self) -> Words:
        """Return the card."""
        drawn = {"pull": self.centre_weight} if len(self.text_centres) else {}
        return {
            "source_space": self.source_space,
            "target_space": self.target_space,
            "fitted_on": self.fitted_on,
            "seed": self.seed,
            "gain": self.gain,
            "form": "contrastive" if self.hidden.shape[1] else "ridge",
            **drawn,
        }

    def tensors(self) -> Tensors:
        """Return the tensors by name."""
        found = {name: getattr(self, name) for name in _TENSORS}
        if len(self.text_centres):
            found |= {name: getattr(self, own) for name, own in _CENTRES.items()}
        if self.adapter is not None:
            parts = {"matrix": self.adapter.matrix, "mean": self.adapter.mean}
            found |= {f"{_ADAPTER}{name}": part for name, part in parts.items()}
        return found

    @classmethod
    def of(cls, words: Words, tensors: Tensors) -> AlignedHead:
        """Return the head of a card and its tensors."""
        known: Words = {**tensors, **words}
        del known["form"]
        for name, own in (*_CENTRES.items(), ("pull", "centre_weight")):
            if name in known:
                known[own] = known.pop(name)
        parts = [name for name in known if name.startswith(_ADAPTER)]
        adapter = {name.removeprefix(_ADAPTER): known.pop(name) for name in parts}
        if "named" in adapter:
            raise ValueError("it was fitted with a direction for first names, which is gone")
        return cls(**known, adapter=QueryAdapter(**adapter) if adapter else None)
