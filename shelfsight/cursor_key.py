"""The key that cursors are sealed with: random, made once, shared by the processes of one home."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from mappings.errors import StackError

BYTES = 32
NAME = "cursor.key"


def cursor_key(folder: Path) -> bytes:
    """Return the home's key, 32 random bytes, made now where there is none.

    Of several processes that make one at once, all get the same. Nobody else may read it: who has
    the key can write cursors.

    Args:
        folder: The home.

    Raises:
        StackError: The file is not such a key, others may read it, or it cannot be made.
    """
    path = folder / NAME
    try:
        if not path.exists():
            _make(path)
        with path.open("rb") as file:
            content, mode = file.read(BYTES + 1), os.fstat(file.fileno()).st_mode
    except OSError as error:
        raise StackError(
            f"The key of the cursors, {str(path)!r}, cannot be used: {error.strerror}.",
            "Let this user read and write the home (SHELFSIGHT_HOME).",
        ) from None
    if len(content) != BYTES or mode & 0o077:
        raise StackError(
            f"The key of the cursors, {str(path)!r}, has {len(content)} bytes and mode"
            f" {mode & 0o777:o}; {BYTES} bytes and mode 600 are allowed.",
            "Delete it: a new one is made, and cursors given out before are refused.",
        )
    return content


def _make(path: Path) -> None:
    """Write a key beside the path and link it there, unless another process was first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    own = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(own, path)
    finally:
        own.unlink()
