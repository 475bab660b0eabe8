"""The identity of a model, as a frozen record."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal

Modality = Literal["text", "image"]


@dataclass(frozen=True, slots=True)
class EncoderCard:
    """Everything that decides what an encoder's vectors mean.

    Args:
        name: The name under which the registry loads the encoder.
        revision: The version of the weights, or a digest of them.
        modality: Of the input.
        space: Vectors of two encoders may be compared only where this is equal.
        dim: Length of a vector.
        licence: SPDX name of the weights' licence, or ``unknown``.
        preprocessing: Digest of everything that changes the model's input or output: prefixes,
            pooling, sizes, filters, normalisation.
    """

    name: str
    revision: str
    modality: Modality
    space: str
    dim: int
    licence: str
    preprocessing: str

    @property
    def digest(self) -> str:
        """Twelve hexadecimal characters that change with any of the fields."""
        return digest_of(asdict(self))


def digest_of(parts: object) -> str:
    """Return the first twelve hexadecimal characters of the SHA-256 of ``parts`` as JSON.

    Args:
        parts: Anything that ``json`` can write; the order of a mapping's keys does not matter.
    """
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
