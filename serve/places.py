"""Places: how many requests with dear uploads are answered at once, so that none queue up."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from serve.problems import TooBusy


class Places:
    """A fixed number of places; who finds none is told to come again instead of waiting.

    Decoding is done by few processes, and whoever waits for one holds a thread that requests
    without uploads need.

    Args:
        count: How many places.
        what: What the requests hold, for the error.
    """

    def __init__(self, count: int, what: str) -> None:
        self._what = what
        self._count = count
        self._free = threading.BoundedSemaphore(count)

    @contextmanager
    def taken(self, needed: object = True) -> Iterator[None]:
        """Hold a place while the block runs.

        Args:
            needed: What the place is for; nothing takes none.

        Raises:
            TooBusy: All of them are taken.
        """
        if not needed:
            yield
            return
        if not self._free.acquire(blocking=False):
            raise TooBusy(
                f"{self._count} requests with {self._what} are being answered, which is the most.",
                "Try again in a few seconds.",
            )
        try:
            yield
        finally:
            self._free.release()
