"""Progress on standard error: a live line on a terminal, a plain line now and then elsewhere."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from shelfsight.local.lock import Say

QUIET_SECONDS = 1.9


@contextmanager
def console_progress() -> Iterator[Say]:
    """Yield a function that prints progress; at least one line is printed every 2 s."""
    if sys.stderr.isatty():
        from rich.console import Console

        with Console(stderr=True).status("preparing") as status:
            yield status.update
        return
    lines = _PlainLines()
    try:
        yield lines.say
    finally:
        lines.close()


class _PlainLines:
    """Prints the newest line, at most every two seconds; repeats it while nothing new comes."""

    def __init__(self) -> None:
        self._newest = "preparing"
        self._closed = threading.Event()
        self._began = time.monotonic()
        self._ticker = threading.Thread(target=self._tick, daemon=True)
        self._ticker.start()

    def say(self, line: str) -> None:
        """Take note of what is going on."""
        self._newest = line

    def close(self) -> None:
        """Print no more."""
        self._closed.set()
        self._ticker.join()

    def _tick(self) -> None:
        while not self._closed.wait(QUIET_SECONDS):
            elapsed = time.monotonic() - self._began
            print(f"[{elapsed:5.1f} s] {self._newest}", file=sys.stderr, flush=True)  # noqa: T201
