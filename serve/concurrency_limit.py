"""A limit on concurrent requests with uploads, which are refused instead of queued."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from serve.problems import TooBusy


class ConcurrencyLimit:
    """Limits concurrent requests; those beyond the limit are refused instead of queued.

    Decoding is done by few processes, and a request that waited for one would hold a thread that
    requests without uploads need.

    Args:
        count: The most requests at once.
        what: What the requests carry, for the error message.
    """

    def __init__(self, count: int, what: str) -> None:
        self._what = what
        self._count = count
        self._free = threading.BoundedSemaphore(count)

    @contextmanager
    def acquire(self, needed: object = True) -> Iterator[None]:
        """Count a request while the block runs.

        Args:
            needed: The uploads; a request without any is not counted.

        Raises:
            TooBusy: The limit is reached.
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
