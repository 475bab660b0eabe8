"""A learned map from picture features into the text space: ridge plus a small residual tower."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from encoders.protocol import Vectors, unit_rows
from mappings.errors import InputError

_TENSORS = ("middle", "scale", "linear", "hidden", "hidden_bias", "out", "text_mean", "visual")


@dataclass(frozen=True, slots=True, eq=False)
class AlignedHead:
    """A map x -> unit(unit(P(u L + g(u H + c) O)) + u V), u = (x - middle) / scale.

    g is max(0, .); P takes the mean direction of texts away, so that a dot product with an
    uncentred text vector ranks as one with a centred text does. u V is the visual part, in
    directions in which texts hardly differ: pictures of one product meet there, texts do not.

    Args:
        middle: float32 (d,), mean of the features.
        scale: float32 (d,), their spread.
        linear: L, float32 (d, 384).
        hidden: H, float32 (d, h); h may be 0.
        hidden_bias: c, float32 (h,).
        out: O, float32 (h, 384).
        text_mean: float32 (384,), unit length.
        visual: V, float32 (d, 384), gain included; zeros for none.
        source_space: The space whose vectors go in.
        target_space: The space whose vectors come out.
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
    visual: Vectors
    source_space: str = ""
    target_space: str = ""
    fitted_on: int = 0
    seed: int = 0

    @property
    def digest(self) -> str:
        """Twelve hexadecimal characters that change with the numbers or the spaces."""
        known = hashlib.sha256(json.dumps(self._words(), sort_keys=True).encode())
        for name in _TENSORS:
            known.update(np.ascontiguousarray(getattr(self, name)).tobytes())
        return known.hexdigest()[:12]

    def apply(self, rows: NDArray[np.floating]) -> Vectors:
        """Return float32 (n, 384) unit rows for float (n, d) features.

        Raises:
            InputError: The rows have another length.
        """
        if rows.ndim != 2 or rows.shape[1] != len(self.middle):
            raise InputError(
                f"The head takes rows of {len(self.middle)} numbers; given was {rows.shape}.",
                "Encode with the encoder that the head was fitted for.",
            )
        u = (np.asarray(rows, dtype=np.float32) - self.middle) / self.scale
        text: NDArray[np.floating] = (
            u @ self.linear + np.maximum(u @ self.hidden + self.hidden_bias, 0) @ self.out
        )
        text = unit_rows(text - np.outer(text @ self.text_mean, self.text_mean))
        return unit_rows(text + u @ self.visual)

    def save(self, path: Path) -> None:
        """Write the head as safetensors, its card in the metadata."""
        from safetensors.numpy import save_file

        tensors = {name: np.ascontiguousarray(getattr(self, name)) for name in _TENSORS}
        card = json.dumps(self._words() | {"digest": self.digest}, sort_keys=True)
        save_file(tensors, path, metadata={"card": card})

    @classmethod
    def load(cls, path: Path) -> AlignedHead:
        """Return the head that ``save`` wrote.

        Raises:
            InputError: The file is missing, is no head, or does not match its digest.
        """
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, framework="numpy") as stored:
                words = json.loads(stored.metadata()["card"])
                digest = words.pop("digest")
                head = cls(**{n: stored.get_tensor(n) for n in _TENSORS}, **words)
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"No aligned head can be read from {str(path)!r}: {error}.", "Fit it again."
            ) from None
        if head.digest != digest:
            raise InputError(f"The head in {str(path)!r} was changed.", "Fit it again.")
        return head

    def _words(self) -> dict[str, str | int]:
        return {
            "source_space": self.source_space,
            "target_space": self.target_space,
            "fitted_on": self.fitted_on,
            "seed": self.seed,
        }
