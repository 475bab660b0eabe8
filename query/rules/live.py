"""The live rules: what is saved now, seen by every process within seconds."""

import logging
import threading
import time
from collections.abc import Mapping

from mappings.errors import ShelfsightError
from query.rules.book import NO_RULES, RuleBook
from query.rules.store import RuleStore

Others = Mapping[str, tuple[tuple[str, float], ...]]
_log = logging.getLogger("shelfsight.rules")


class LiveRules:
    """Keeps the newest rule book at hand; asks for its version at most every ``fresh`` seconds.

    When the node does not answer in ``patience`` seconds, or holds a book that cannot be read, the
    book that is known stays, and it is asked again after five times ``fresh``.

    Args:
        store: Where the books are.
        fresh: Seconds for which the version is believed.
        patience: Seconds that a search waits for the answer.
    """

    def __init__(self, store: RuleStore, fresh: float = 2.0, patience: float = 0.5) -> None:
        self.store, self.fresh, self.patience = store, fresh, patience
        self._book, self._next = NO_RULES, 0.0
        self._others: Others = {}
        self._lock = threading.Lock()

    def book(self) -> RuleBook:
        """Return the newest book that is known."""
        if time.monotonic() < self._next or not self._lock.acquire(blocking=self._next == 0.0):
            return self._book
        try:
            if time.monotonic() >= self._next:  # another may have asked while this one waited
                self._refresh()
        finally:
            self._lock.release()
        return self._book

    def others(self) -> Others:
        """Return the synonyms of the book that ``book`` gave last, by folded word."""
        return self._others

    def _refresh(self) -> None:
        wait = self.fresh
        try:
            if self.store.version(self.patience) != self._book.version:
                book = self.store.load(seconds=self.patience)
                self._book, self._others = book, book.others()
        except ShelfsightError as error:
            _log.warning("the rules stay at version %d: %s", self._book.version, error)
            wait = 5 * self.fresh
        self._next = time.monotonic() + wait
