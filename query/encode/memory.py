"""A memory of what was made before: the longest unused is forgotten first."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Memory(Generic[T]):
    """Remembers what was made of contents; safe for threads, which may make the same twice.

    Args:
        keep: How many are remembered.
    """

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._kept: OrderedDict[str, T] = OrderedDict()
        self._lock = threading.Lock()

    def __contains__(self, content: bytes) -> bool:
        with self._lock:
            return _key(content) in self._kept

    def of(self, content: bytes, make: Callable[[], T]) -> T:
        """Return what was made of the content, or make it now.

        Args:
            content: What it is made of.
            make: Makes it; what it raises is not remembered.
        """
        found = self.get(content)
        if found is None:
            found = make()
            self.put(content, found)
        return found

    def get(self, content: bytes) -> T | None:
        """Return what was made of the content, ``None`` where nothing is remembered."""
        key = _key(content)
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key]

    def put(self, content: bytes, made: T) -> None:
        """Remember what was made of the content."""
        with self._lock:
            self._kept[_key(content)] = made
            while len(self._kept) > self._keep:
                self._kept.popitem(last=False)


def _key(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
