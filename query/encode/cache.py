"""A thread-safe LRU cache whose keys are digests of contents, such as texts and picture files."""

import hashlib
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from cachetools import LRUCache

T = TypeVar("T")


class ContentCache(Generic[T]):
    """Keeps what was computed from contents; safe for threads, which may compute a value twice.

    Args:
        capacity: Entries kept; the least recently used one is dropped first.
    """

    def __init__(self, capacity: int) -> None:
        self._entries: LRUCache[bytes, T] = LRUCache(capacity)
        self._lock = threading.Lock()  # an LRUCache changes its order even when it is read

    def __contains__(self, content: bytes) -> bool:
        with self._lock:
            return _key(content) in self._entries

    def get_or_compute(self, content: bytes, compute: Callable[[], T]) -> T:
        """Return the value of the content, computed now where it is not kept.

        Args:
            content: What the value is computed from.
            compute: Computes the value, outside the lock; an exception is not kept.
        """
        value = self.get(content)
        if value is None:
            value = compute()
            self.put(content, value)
        return value

    def get(self, content: bytes) -> T | None:
        """Return the value of the content, ``None`` where it is not kept."""
        with self._lock:
            value: T | None = self._entries.get(_key(content))
            return value

    def put(self, content: bytes, value: T) -> None:
        """Keep the value of the content."""
        with self._lock:
            self._entries[_key(content)] = value


def _key(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
