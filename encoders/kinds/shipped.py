"""Word lists that ship: packed lines of text beside this module, the first one a comment."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).parent


def read_lines(name: str) -> list[str]:
    """Return the lines of a list, comments left out."""
    text = gzip.decompress((FOLDER / name).read_bytes()).decode("utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]


def write_lines(name: str, header: str, lines: Iterable[str]) -> None:
    """Write a list; the same lines make the same file."""
    text = "\n".join([header, *lines])
    (FOLDER / name).write_bytes(gzip.compress(text.encode("utf-8"), mtime=0))
