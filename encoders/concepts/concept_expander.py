"""Moves a query's vector towards the product concepts that its words name."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from encoders.concepts.chinese import CHINESE, Meanings
from encoders.concepts.concept_space import ConceptSpace
from encoders.concepts.lexicon import key
from encoders.concepts.phrase_embedding import AdditivePhraseEmbedding
from encoders.concepts.precomputed import PrecomputedConcepts
from encoders.concepts.wordnet_nouns import WordNetNouns
from encoders.protocol import TextEncoder, Vectors, unit_rows

STRENGTH = 2.0
"""Full length of the concept part, relative to the query's own distance from the mean."""
DICTIONARY = 2.0
"""Weight of the dictionary meanings of a word against the word's own vector."""
FAR, NEAR = 0.4, 0.6
"""Cosine to the nearest term: no concept part below the first, all of it from the second on."""
CATEGORY_WORDS = 1.5
"""Queries with at most this many words are treated as a category name; longer ones count less."""
CHARACTERS = 3.0
"""Chinese characters that count as one word."""
LEAST = 0.1
"""Shorter concept parts are left out: texts of seven words and more."""
ENCODING_THREADS = 2
"""Texts that are encoded at a time, concurrently with the query."""
_LATIN = re.compile(r"[a-z0-9][a-z0-9'-]*")


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """Which concepts a text names.

    Args:
        chances: float32 (k,), the probability of each concept; they add up to 1.
        near: The cosine of the nearest lexicon term to the text or to one of its meanings.
    """

    chances: Vectors
    near: float


@dataclass(frozen=True, slots=True, eq=False)
class ConceptShift:
    """What is added to a query's vector to move it towards the concepts that it names.

    Args:
        part: float32 (d,), to be added; the caller restores the distance from the mean.
        chances: float32 (k,), the probability of each concept; they add up to 1.
        length: Length of the part relative to the query's own, at most ``STRENGTH``.
    """

    part: Vectors
    chances: Vectors
    length: float


PendingMeanings = Callable[[], Sequence[Reading | Vectors]]
"""Returns a text's meanings when they are ready: readings, and centred vectors not yet read."""


class ConceptExpander:
    """Finds the concepts that a query names, by its vector and by two dictionaries.

    A picture lies near the words of its category, but a small encoder may place a rare word for
    the category (``parka``, 羽绒服) anywhere. So the words are looked up (WordNet for English,
    CC-CEDICT for Chinese), and the query's vector moves towards the concepts that the word and its
    meanings are near. Only picture search uses this: product texts say more than their category.

    Source: Nadaraya-Watson attention over the lexicon's terms (``ConceptSpace.attend``); dictionary
    meanings beside a rare word's own vector as in Hill et al., Learning to understand phrases by
    embedding the dictionary, TACL 2016.

    Args:
        text: The text encoder.
        space: The lexicon's terms in the encoder's space.
        nouns: WordNet's nouns, ``None`` for none.
        meanings: Loads the Chinese dictionary, or gives ``None``; called when first needed.
        precomputed: The concepts of WordNet's nouns; ``None`` to compute them when asked.
        phrases: Estimates the vectors of English phrases; ``None`` to have them encoded.
    """

    def __init__(
        self,
        text: TextEncoder,
        space: ConceptSpace,
        nouns: WordNetNouns | None,
        meanings: Callable[[], Meanings | None],
        precomputed: PrecomputedConcepts | None = None,
        phrases: AdditivePhraseEmbedding | None = None,
    ) -> None:
        self._text, self.space, self._precomputed, self._phrases = text, space, precomputed, phrases
        self._nouns, self._meanings = nouns or WordNetNouns({}), meanings
        self._terms = {key(term): place for place, term in enumerate(space.terms)}
        self._centres = space.centres
        self._english: dict[str, Reading] = {}
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(ENCODING_THREADS, thread_name_prefix="concepts")

    def close(self) -> None:
        """End the threads, after what they are encoding."""
        self._threads.shutdown()

    def warm(self) -> None:
        """Load the Chinese dictionary, which takes a second, before the first query needs it."""
        self._meanings()

    def start_lookup(self, text: str) -> PendingMeanings:
        """Look a text up, and start to encode its meanings in another thread where that is needed.

        Args:
            text: The query's words.

        Returns:
            What waits for the text's meanings and returns them.
        """
        known, unread = self._looked_up(text)
        return self._threads.submit(self._read, unread).result if unread else lambda: known

    def shift(
        self, text: str, vector: Vectors, meanings: PendingMeanings | None = None
    ) -> ConceptShift | None:
        """Return what moves a query towards the concepts that it names, ``None`` for nothing.

        Args:
            text: The query's words.
            vector: float32 (d,), the words encoded as a query.
            meanings: What ``start_lookup`` gave for the text; looked up now where left out.
        """
        length = strength(text)
        own = np.asarray(vector - self.space.mean, dtype=np.float32)
        distance = float(np.linalg.norm(own))
        if not length or distance < 1e-6:
            return None
        reading = self.read(text, own / distance, meanings)
        length *= min(max((reading.near - FAR) / (NEAR - FAR), 0.0), 1.0)
        if length <= 0:
            return None
        part = distance * length * (reading.chances @ self._centres)
        return ConceptShift(part, reading.chances, length)

    def read(self, text: str, own: Vectors, meanings: PendingMeanings | None = None) -> Reading:
        """Return which concepts a text names.

        Args:
            text: A query's words.
            own: float32 (d,), their centred vector, unit length.
            meanings: What ``start_lookup`` gave for the text; looked up now where left out.
        """
        known = (meanings or self.start_lookup(text))()
        rows = [one for one in known if not isinstance(one, Reading)]
        # In one call: the terms' vectors are 2 MB, which is read once so.
        first, *others = self._attended(np.stack([own, *rows]))
        return joined(first, [*(one for one in known if isinstance(one, Reading)), *others])

    def _looked_up(self, text: str) -> tuple[Sequence[Reading | Vectors], tuple[str, ...]]:
        """Return what is known of a text's meanings, or else the meanings that must be encoded."""
        word = " ".join(text.lower().split())
        if key(word) in self._terms or not strength(word):
            return [], ()
        if not CHINESE.search(word):
            reading = self._noun(word)
            return [reading] if reading else [], ()
        meanings = self._meanings()
        english = meanings.of(word) if meanings else ()
        known = [reading for one in english if (reading := self._noun(one))]
        if known or not english:
            return known, ()
        if self._phrases is None:
            return [], english[:1]  # encoding is slow: the usual meaning only
        row = self._phrases.vector(english[0])
        return [row] if row is not None else [], ()

    def _noun(self, word: str) -> Reading | None:
        """Return the concepts of an English word, ``None`` where no dictionary has it."""
        if (place := self._terms.get(key(word))) is not None:
            chances, near = self.space.attend(self.space.vectors[place : place + 1])
            return Reading(chances[0], float(near[0]))
        base = self._nouns.base(word)
        if not base:
            return None
        if self._precomputed is not None:
            return Reading(*self._precomputed.row(base))
        with self._lock:
            if base not in self._english:
                own, *meanings = self._read((base, *self._nouns.glosses(base)))
                self._english[base] = joined(own, meanings)
            return self._english[base]

    def _read(self, texts: Sequence[str]) -> list[Reading]:
        if not texts:
            return []
        return self._attended(unit_rows(self._text.encode_query(texts) - self.space.mean))

    def _attended(self, rows: Vectors) -> list[Reading]:
        return [Reading(p, float(n)) for p, n in zip(*self.space.attend(rows), strict=True)]


def strength(text: str) -> float:
    """Return the length of a text's concept part: the more words, the shorter.

    A title's words tell products of one category apart; moved to the category, all would be alike.
    """
    lower = text.lower()
    words = len(_LATIN.findall(lower)) + len(CHINESE.findall(lower)) / CHARACTERS
    length = STRENGTH * min(1.0, CATEGORY_WORDS / words) ** 2 if words else 0.0
    return length if length >= LEAST else 0.0


def joined(own: Reading, meanings: Sequence[Reading]) -> Reading:
    """Return the reading of a word and those of its meanings as one; without meanings its own."""
    if not meanings:
        return own
    mean = np.mean([one.chances for one in meanings], axis=0)
    chances = (own.chances + DICTIONARY * mean) / (1.0 + DICTIONARY)
    return Reading(chances, max(own.near, *(one.near for one in meanings)))
