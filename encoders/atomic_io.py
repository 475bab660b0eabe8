"""Writes files atomically, and reads JSON records with errors that name the cure."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from mappings.errors import InputError


def write_atomically(path: Path, content: bytes | str) -> None:
    """Replace a file in one step: readers see the old content or the new, never a part.

    Args:
        path: Where the file appears; its folder must be there.
        content: Text is written as UTF-8.

    Raises:
        OSError: It cannot be written, the disk full for one; ``filename`` says where.
    """
    writing = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        writing.write_bytes(content.encode() if isinstance(content, str) else content)
        os.replace(writing, path)
    except OSError as error:
        if error.filename is None:  # a write that fails does not say where
            raise OSError(error.errno, error.strerror, str(path)) from None
        raise


def write_cache(path: Path, content: bytes | str) -> None:
    """Write a cache file and its folder; a cache that cannot be written is left out silently.

    Args:
        path: Where the file appears.
        content: Text is written as UTF-8.
    """
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)


@contextmanager
def read_record(path: Path, what: str, cure: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON object of a file; errors inside the block are reported as the file's fault.

    Args:
        path: The file.
        what: What it should hold, in words.
        cure: What to do where it does not.

    Raises:
        InputError: The file is missing, or holds something else.
    """
    try:
        yield json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"No {what} can be read from {str(path)!r}: {error}.", cure) from None
