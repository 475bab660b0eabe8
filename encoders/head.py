"""Heads map an image encoder's features into the text space; here they are saved and loaded."""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from encoders.atomic_io import write_atomically
from encoders.protocol import Vectors
from mappings.errors import InputError

Words = dict[str, Any]
Tensors = Mapping[str, Vectors]

KINDS = {
    "ridge": "encoders.projection:Projection",
    "aligned": "encoders.head_aligned:AlignedHead",
    "generic": "encoders.head_generic:GenericHead",
    "blend": "encoders.head_blend:BlendedHead",
}


class Head(Protocol):
    """A map from features to unit vectors of another space, given by a card and some tensors."""

    kind: ClassVar[str]

    @property
    def source_space(self) -> str:
        """The space of the input vectors, empty for any."""
        ...

    @property
    def target_space(self) -> str:
        """The space of the output vectors."""
        ...

    @property
    def d_in(self) -> int:
        """Length of the input rows."""
        ...

    @property
    def d_out(self) -> int:
        """Length of the output rows."""
        ...

    @property
    def digest(self) -> str:
        """Twelve hexadecimal characters that change with any number or word."""
        ...

    def apply(self, rows: NDArray[np.floating]) -> Vectors:
        """Return float32 (n, d_out) unit rows for float (n, d_in) rows.

        Raises:
            InputError: The rows have another length.
        """
        ...

    def words(self) -> Words:
        """Return the card: everything but the tensors."""
        ...

    def tensors(self) -> Tensors:
        """Return the tensors by name, float32."""
        ...

    @classmethod
    def of(cls, words: Words, tensors: Tensors) -> Self:
        """Return the head of a card and its tensors."""
        ...


def head_digest(words: Words, tensors: Tensors) -> str:
    """Return twelve hexadecimal characters of the SHA-256 over card and tensors, in order."""
    known = hashlib.sha256(json.dumps(words, sort_keys=True).encode())
    for tensor in tensors.values():
        known.update(np.ascontiguousarray(tensor).tobytes())
    return known.hexdigest()[:12]


def require_width(rows: NDArray[np.floating], width: int, what: str) -> None:
    """Raise an error unless rows are (n, width).

    Raises:
        InputError: Naming both lengths.
    """
    if rows.ndim != 2 or rows.shape[1] != width:
        raise InputError(
            f"The {what} takes rows of {width} numbers; given were rows of shape {rows.shape[1:]}.",
            f"Encode with the encoder that the {what} was fitted for.",
        )


def save_head(head: Head, path: Path) -> None:
    """Write a head atomically as safetensors, with kind, card and digest in the metadata.

    Args:
        head: What to write.
        path: The file.
    """
    from safetensors.numpy import save

    tensors = {name: np.ascontiguousarray(t) for name, t in head.tensors().items()}
    metadata = {
        "kind": head.kind,
        "card": json.dumps(head.words(), sort_keys=True),
        "digest": head.digest,
    }
    write_atomically(path, save(tensors, metadata=metadata))


def load_head(path: Path) -> Head:
    """Return the head that ``save_head`` wrote, of whatever kind.

    Raises:
        InputError: The file is missing, is no head, is of an unknown kind, or was changed.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as stored:
            metadata = stored.metadata()
            words = json.loads(metadata["card"])
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
        head = _kind(metadata.get("kind", "ridge")).of(words, tensors)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"No projection can be read from {str(path)!r}: {error}.",
            "Fit it again, or restore the space folder from where it was made.",
        ) from None
    if (digest := metadata.get("digest", head.digest)) != head.digest:
        raise InputError(
            f"The projection in {str(path)!r} was changed: its digest is {head.digest}, its card"
            f" says {digest}.",
            "Fit it again, or restore the space folder from where it was made.",
        )
    return head


def _kind(name: str) -> type[Head]:
    if name not in KINDS:
        raise ValueError(f"kind {name!r} is none of {', '.join(KINDS)}")
    module, _, attribute = KINDS[name].partition(":")
    found: type[Head] = getattr(importlib.import_module(module), attribute)
    return found
