"""Live words: the vocabulary of the index that is live now, read in the background, kept fresh."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mappings.errors import ShelfsightError
from query.suggest.completions import Completions, Fold, texts_of
from query.understand.catalogue_words import read_columns, with_titles
from query.understand.chinese import Chinese
from query.understand.gazetteer import Gazetteer, gazetteer
from query.understand.lexicon import Lexicon
from query.understand.query_rewriter import QueryRewriter
from query.understand.vocabulary import EMPTY, Vocabulary

_log = logging.getLogger("shelfsight.words")


@dataclass(frozen=True, slots=True)
class Words:
    """What is known of the words of one index."""

    names: Gazetteer
    rewriter: QueryRewriter
    completions: Completions

    @classmethod
    def of(
        cls,
        lexicon: Lexicon,
        vocabulary: Vocabulary,
        chinese: Chinese,
        popular: Mapping[str, int] | None = None,
    ) -> "Words":
        """Return the lexicon and a vocabulary joined; some seconds for 200,000 products.

        Args:
            lexicon: What is known without a catalogue.
            vocabulary: The catalogue's words.
            chinese: Segmentation and script conversion.
            popular: Query to the times that it was asked.
        """
        names = gazetteer(lexicon, vocabulary, chinese.simplified)
        texts = texts_of(vocabulary, popular or {}, Fold(chinese.simplified))
        return cls(
            names, QueryRewriter.of(lexicon, names, chinese), Completions(texts, chinese.sounds)
        )

    @property
    def vocabulary(self) -> Vocabulary:
        """What they were made from."""
        return self.names.vocabulary


class LiveWords:
    """Reads an index's vocabulary in a thread of its own, again when it is old or another's.

    Brands, categories and tags are there first, words of titles when all titles are read. Until
    then the words of the index before stay in use, and without one the lexicon alone.

    Args:
        client: An ``opensearchpy.OpenSearch``.
        lexicon: What is known without a catalogue.
        chinese: Segmentation and script conversion.
        fresh: Seconds for which a vocabulary is believed.
        wait: Seconds after the first question for which those who ask wait for it.
        popular: Returns the popular queries with their counts.
    """

    def __init__(
        self,
        client: Any,  # noqa: ANN401 - opensearchpy.OpenSearch
        lexicon: Lexicon,
        chinese: Chinese,
        *,
        fresh: float = 600.0,
        wait: float = 1.0,
        popular: Callable[[], Mapping[str, int]] | None = None,
    ) -> None:
        self.client, self.lexicon, self.chinese = client, lexicon, chinese
        self.fresh, self.wait, self.popular = fresh, wait, popular or dict
        self._words = Words.of(lexicon, EMPTY, chinese)
        self._index, self._next, self._started = "", 0.0, 0.0
        self._lock = threading.Lock()
        self._read = threading.Event()

    def of(self, index: str) -> Words:
        """Return what is known of an index's words now."""
        with self._lock:
            due = index != self._index or time.monotonic() >= self._next
            if due:
                self._start_reading(index)
            read = self._read
            left = self._started + self.wait - time.monotonic()
        if left > 0:
            read.wait(left)
        return self._words

    def forget(self) -> None:
        """Forget whose words are known; the next who asks waits for them to be read anew."""
        with self._lock:
            self._index = ""

    def _start_reading(self, index: str) -> None:
        """Start to read; the words that are there stay in use meanwhile."""
        other = index != self._index
        self._index, self._next = index, time.monotonic() + self.fresh
        if other:
            self._read, self._started = threading.Event(), time.monotonic()
        args = (index, self._read, other)
        threading.Thread(target=self._load, args=args, name="read-words", daemon=True).start()

    def _load(self, index: str, read: threading.Event, first: bool) -> None:
        try:
            columns = read_columns(self.client, index)
            if first:
                self._store(index, Words.of(self.lexicon, columns, self.chinese))
            full = with_titles(self.client, columns, self.chinese)
            self._store(index, Words.of(self.lexicon, full, self.chinese, self.popular()))
        except ShelfsightError as error:
            _log.warning("the words of %s could not be read: %s", index, error)
            self._next = time.monotonic() + min(self.fresh, 10.0)
        except Exception as error:
            # A thread's error would be lost; searches go on with the words that are known.
            _log.warning("the words of %s could not be read: %r", index, error)
        finally:
            read.set()

    def _store(self, index: str, words: Words) -> None:
        if self._index == index:
            self._words = words
