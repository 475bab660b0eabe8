"""The recorder: counts the searches that found something, and writes the counts now and then."""

import logging
import threading
import time
from collections import Counter

from mappings.errors import ShelfsightError
from query.suggest.popular import QueryCounts, is_public

MOST = 10_000
_log = logging.getLogger("shelfsight.queries")


class QueryRecorder:
    """Keeps counts in memory and adds them to the store in the background.

    Only the words are kept, no time but the day's writing and nobody's name; words that may name
    a person are not even counted. What was counted since the last writing is lost when the
    process ends.

    Args:
        counts: Where they are added up.
        every: Seconds between two writings.
        most: Different queries kept until then; further ones are not counted.
    """

    def __init__(self, counts: QueryCounts, every: float = 60.0, most: int = MOST) -> None:
        self.counts, self.every, self.most = counts, every, most
        self._counted: Counter[str] = Counter()
        self._next = time.monotonic() + every
        self._lock = threading.Lock()

    def record(self, query: str) -> None:
        """Count a query that found something.

        Args:
            query: Its plain text.
        """
        text = query.lower()
        if not is_public(text):
            return
        with self._lock:
            if text in self._counted or len(self._counted) < self.most:
                self._counted[text] += 1
            if time.monotonic() < self._next:
                return
            self._next = time.monotonic() + self.every
        threading.Thread(target=self.flush, name="write-queries", daemon=True).start()

    def flush(self) -> int:
        """Write what was counted and return how many queries it was; on failure it is kept."""
        with self._lock:
            kept, self._counted = self._counted, Counter()
        if not kept:
            return 0
        try:
            return self.counts.add(kept, "searches")
        except ShelfsightError as error:
            _log.warning("%d counted queries are kept for later: %s", len(kept), error)
            with self._lock:
                self._counted.update(kept)
            return 0
