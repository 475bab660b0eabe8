"""A lock that two processes hold one after the other, and that tells the second who has it.

The kernel drops an ``flock`` when its holder dies, so a crash never leaves one behind; the text
in the file only serves the message.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mappings.errors import StackError

Say = Callable[[str], None]
POLL_SECONDS = 0.1
PATIENCE_SECONDS = 300.0


def silent(_: str) -> None:
    """Say nothing: for callers that show no progress."""


@contextmanager
def holding(
    path: Path, purpose: str, say: Say = silent, patience: float = PATIENCE_SECONDS
) -> Iterator[None]:
    """Hold the lock at ``path`` for the block; wait for another holder and say who it is.

    Args:
        path: Lock file; made when absent, never removed.
        purpose: What we do with it, e.g. "starts the stack"; shown to those who wait.
        say: Called with a line of progress at least once a second while waiting.
        patience: Seconds to wait before giving up; 0 tries once.

    Raises:
        StackError: The lock was not free in time; names the holder.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _acquire(descriptor, path, say, patience)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"pid {os.getpid()}, which {purpose}".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, path: Path, say: Say, patience: float) -> None:
    started = time.monotonic()
    while not _try(descriptor):
        waited = time.monotonic() - started
        holder = holder_of(path)
        if waited >= patience:
            raise StackError(
                f"{path} is held by {holder}; waited {waited:.0f} s for it.",
                "Wait for that process to finish, or end it, and start again.",
            )
        say(f"waiting for {holder} ({waited:.0f} s)")
        time.sleep(POLL_SECONDS)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def holder_of(path: Path) -> str:
    """Return the text that the last holder of a lock left: its process id and its purpose."""
    try:
        return path.read_text().strip() or "another process"
    except OSError:
        return "another process"


def is_held(path: Path) -> bool:
    """Say whether some process holds the lock now."""
    if not path.exists():
        return False
    descriptor = os.open(path, os.O_RDWR)
    try:
        return not _try(descriptor)
    finally:
        os.close(descriptor)
