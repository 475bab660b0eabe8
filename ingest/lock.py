"""One feed at a time: a lock beside the ledger, freed by the system when its holder dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mappings.errors import StackError


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold the lock file for as long as the block runs.

    Raises:
        StackError: Another program holds it; its process id is named.
        OSError: The disk is full; ``filename`` says where.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b", buffering=0) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise StackError(
                "Another feed is being ingested into this ledger (process"
                f" {file.read().decode().strip()}).",
                "Wait until it is done, or stop it; what it accepted is not lost.",
            ) from None
        file.seek(0)
        file.truncate()
        try:
            file.write(str(os.getpid()).encode())
        except OSError as error:  # a write that fails does not say where
            raise OSError(error.errno, error.strerror, str(path)) from None
        yield
