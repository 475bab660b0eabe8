"""Reads and writes the data files of this package: word lists, and tensors for an encoder."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from encoders.atomic_io import write_atomically
from encoders.card import EncoderCard

FOLDER = Path(__file__).parent


def read_lines(name: str) -> list[str]:
    """Return the lines of a word list without comments."""
    text = gzip.decompress((FOLDER / name).read_bytes()).decode("utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]


def write_lines(name: str, header: str, lines: Iterable[str]) -> None:
    """Write a word list; the same lines make the same file."""
    text = "\n".join([header, *lines])
    (FOLDER / name).write_bytes(gzip.compress(text.encode("utf-8"), mtime=0))


def read_tensors(
    path: Path, text: EncoderCard
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]] | None:
    """Return the card and tensors of a file, ``None`` where they are for another text encoder.

    Args:
        path: The file.
        text: The text encoder's card; its digest must be the one that the file names.
    """
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as stored:
        card = json.loads(stored.metadata()["card"])
        if card["text"] != text.digest:
            return None
        return card, {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118


def write_tensors(path: Path, card: dict[str, Any], tensors: dict[str, NDArray[Any]]) -> None:
    """Write what ``read_tensors`` reads; the card names the text encoder's digest as ``text``."""
    from safetensors.numpy import save

    metadata = {"card": json.dumps(card, ensure_ascii=False)}
    write_atomically(path, save(tensors, metadata))


def tensor_of(words: Iterable[str]) -> NDArray[np.uint8]:
    """Return words as a tensor of bytes, which ``places`` reads."""
    return np.frombuffer("\n".join(words).encode("utf-8"), dtype=np.uint8)


def places(words: NDArray[np.uint8]) -> dict[str, int]:
    """Return the row of each word, from the bytes that ``tensor_of`` gave."""
    return {word: row for row, word in enumerate(words.tobytes().decode("utf-8").split("\n"))}
