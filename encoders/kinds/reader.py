"""What a query's words look like: its vector moved towards the kinds of things that it names."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from encoders.kinds.chinese import CHINESE, Meanings
from encoders.kinds.english import Things
from encoders.kinds.kinds import Kinds
from encoders.kinds.lexicon import key
from encoders.kinds.phrases import Phrases
from encoders.kinds.table import Table
from encoders.protocol import TextEncoder, Vectors, unit_rows

STRENGTH = 2.0
"""Length of the kinds' part against the words' own, where it counts in full."""
DICTIONARY = 2.0
"""What a dictionary's meanings count against the word itself."""
FAR, NEAR = 0.4, 0.6
"""Cosines to the nearest term between which the kinds begin to count, and count in full."""
FEW = 1.5
"""Words up to which a query is the name of a kind; of more, most say which one of the kind."""
CHARACTERS = 3.0
"""Chinese characters that count as a word."""
LEAST = 0.1
"""Length of the kinds' part below which it is left out: texts of seven words and more."""
BESIDE = 2
"""Texts that are encoded beside queries at a time."""
_LATIN = re.compile(r"[a-z0-9][a-z0-9'-]*")


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """Which kinds of things a text names.

    Args:
        chances: float32 (k,), how much it is of each kind; they add up to 1.
        near: The cosine of the lexicon's nearest term to the text or to what it means.
    """

    chances: Vectors
    near: float


@dataclass(frozen=True, slots=True, eq=False)
class Pull:
    """What moves a query towards the kinds that it names.

    Args:
        part: float32 (d,), to be added to its vector, whose distance from the mean then is to stay.
        chances: float32 (k,), how much it is of each kind; they add up to 1.
        counts: Length of the part against the words' own, at most ``STRENGTH``.
    """

    part: Vectors
    chances: Vectors
    counts: float


Meant = Callable[[], Sequence[Reading | Vectors]]
"""Gives what a text means: readings, and vectors without the mean that are yet to be read."""


class KindReader:
    """Knows more of words than the text encoder: what dictionaries say they are.

    A picture lies where its category's words lie, and a small encoder puts a rare word for the
    category (``parka``, 羽绒服) anywhere. So the words are looked up (WordNet for English,
    CC-CEDICT for Chinese), and the query's vector moves towards the kinds that the word and its
    meanings are near. Only for pictures: texts say more than their kind.

    Source: Nadaraya-Watson attention over the lexicon's terms (``Kinds.attend``); dictionary
    meanings beside a rare word's own vector as in Hill et al., Learning to understand phrases by
    embedding the dictionary, TACL 2016.

    Args:
        text: The text encoder.
        kinds: The lexicon in its space.
        things: English words for things, ``None`` for none.
        meanings: Gives Chinese words' meanings, or ``None``; asked when first needed.
        table: What was found of the English words before, ``None`` to find it when asked.
        phrases: What English phrases mean by their words, ``None`` to have them encoded.
    """

    def __init__(
        self,
        text: TextEncoder,
        kinds: Kinds,
        things: Things | None,
        meanings: Callable[[], Meanings | None],
        table: Table | None = None,
        phrases: Phrases | None = None,
    ) -> None:
        self._text, self.kinds, self._table, self._phrases = text, kinds, table, phrases
        self._things, self._meanings = things or Things({}), meanings
        self._terms = {key(term): place for place, term in enumerate(kinds.terms)}
        self._centres = kinds.centres
        self._english: dict[str, Reading] = {}
        self._lock = threading.Lock()
        self._beside = ThreadPoolExecutor(BESIDE, thread_name_prefix="kinds")

    def close(self) -> None:
        """End the threads; what they read is waited for."""
        self._beside.shutdown()

    def warm(self) -> None:
        """Read the Chinese dictionary, which takes a second, before the first query needs it."""
        self._meanings()

    def begin(self, text: str) -> Meant:
        """Look a text up, and begin to read what that takes encoding for, beside the caller.

        Args:
            text: The query's words.

        Returns:
            What gives the text's meanings, and waits for them.
        """
        known, unread = self._looked_up(text)
        return self._beside.submit(self._read, unread).result if unread else lambda: known

    def pull(self, text: str, vector: Vectors, meant: Meant | None = None) -> Pull | None:
        """Return what moves a query towards the kinds that it names, ``None`` for nothing.

        Args:
            text: The query's words.
            vector: float32 (d,), the words as a query.
            meant: What ``begin`` gave for the text; looked up now where left out.
        """
        counts = strength(text)
        own = np.asarray(vector - self.kinds.mean, dtype=np.float32)
        length = float(np.linalg.norm(own))
        if not counts or length < 1e-6:
            return None
        reading = self.read(text, own / length, meant)
        counts *= min(max((reading.near - FAR) / (NEAR - FAR), 0.0), 1.0)
        if counts <= 0:
            return None
        return Pull(length * counts * (reading.chances @ self._centres), reading.chances, counts)

    def read(self, text: str, own: Vectors, meant: Meant | None = None) -> Reading:
        """Return which kinds a text names.

        Args:
            text: A query's words.
            own: float32 (d,), their vector without the mean, unit length.
            meant: What ``begin`` gave for the text; looked up now where left out.
        """
        told = (meant or self.begin(text))()
        rows = [one for one in told if not isinstance(one, Reading)]
        first, *others = self._attended(np.stack([own, *rows]))  # at once: the terms are 2 MB
        return joined(first, [*(one for one in told if isinstance(one, Reading)), *others])

    def _looked_up(self, text: str) -> tuple[Sequence[Reading | Vectors], tuple[str, ...]]:
        """Return what is known of a text's meanings, or else what is to be encoded for it."""
        word = " ".join(text.lower().split())
        is_known = key(word) in self._terms  # to the lexicon
        if is_known or not strength(word):
            return [], ()
        if not CHINESE.search(word):
            found = self._thing(word)
            return [found] if found else [], ()
        meanings = self._meanings()
        meant = meanings.of(word) if meanings else ()
        known = [found for one in meant if (found := self._thing(one))]
        if known or not meant:
            return known, ()
        if self._phrases is None:
            return [], meant[:1]  # encoding costs, looking up does not
        row = self._phrases.vector(meant[0])
        return [row] if row is not None else [], ()

    def _thing(self, word: str) -> Reading | None:
        """Return what an English word's kinds are known to be, ``None`` where it is unknown."""
        if (place := self._terms.get(key(word))) is not None:
            chances, near = self.kinds.attend(self.kinds.vectors[place : place + 1])
            return Reading(chances[0], float(near[0]))
        base = self._things.base(word)
        if not base:
            return None
        if self._table is not None:
            return Reading(*self._table.row(base))
        with self._lock:
            if base not in self._english:
                own, *meant = self._read((base, *self._things.glosses(base)))
                self._english[base] = joined(own, meant)
            return self._english[base]

    def _read(self, texts: Sequence[str]) -> list[Reading]:
        if not texts:
            return []
        return self._attended(unit_rows(self._text.encode_query(texts) - self.kinds.mean))

    def _attended(self, rows: Vectors) -> list[Reading]:
        return [Reading(p, float(n)) for p, n in zip(*self.kinds.attend(rows), strict=True)]


def strength(text: str) -> float:
    """Return the length of the kinds' part for a text: less the more words it has.

    A title's words say which product of a kind it is; moved to the kind, they would all be alike.
    """
    lower = text.lower()
    words = len(_LATIN.findall(lower)) + len(CHINESE.findall(lower)) / CHARACTERS
    found = STRENGTH * min(1.0, FEW / words) ** 2 if words else 0.0
    return found if found >= LEAST else 0.0


def joined(own: Reading, meant: Sequence[Reading]) -> Reading:
    """Return a word's own reading and its meanings' as one; of no meanings, its own."""
    if not meant:
        return own
    told = np.mean([one.chances for one in meant], axis=0)
    chances = (own.chances + DICTIONARY * told) / (1.0 + DICTIONARY)
    return Reading(chances, max(own.near, *(one.near for one in meant)))
