"""The tagger's features of each character: itself, its neighbours, words, and the gazetteer."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from encoders.extract.gazetteer import Gazetteer
from encoders.extract.plain import plain
from encoders.extract.similar_titles import SimilarTitles
from encoders.extract.value_confidence import ValueConfidence, value_features

if TYPE_CHECKING:
    from encoders.extract.spans import Span

PAIRS = 2_048
"""Buckets of hashed letter pairs."""
_KINDS = 64
"""Buckets of hashed category names."""
_CLASSES, _WORDS, _TAGS, _MARKS = 8, 5, 32, 6
COLUMNS = ("letter", "pair", "class", "word", "tag", "longest", "believed", "wide", "narrow")
MEASURES = 10
"""Per character: five of the longest value that covers it, five of the most probable one."""


@dataclass(frozen=True, slots=True)
class Features:
    """The network's input for one text.

    Args:
        ids: int64 (n, 9), a row of ``COLUMNS`` for each character.
        measures: float32 (n, 10), about 0 to 1.
    """

    ids: NDArray[np.int64]
    measures: NDArray[np.float32]

    def first(self, letters: int) -> Features:
        """Return the features of the first characters."""
        return Features(self.ids[:letters], self.measures[:letters])


def sizes(letters: int) -> dict[str, int]:
    """Return how many values each column takes, for a vocabulary of ``letters``."""
    return {
        "letter": letters + 2, "pair": PAIRS, "class": _CLASSES, "word": _WORDS, "tag": _TAGS,
        "longest": _MARKS, "believed": _MARKS, "wide": _KINDS, "narrow": _KINDS,
    }  # fmt: skip


def featurise(
    text: str,
    categories: Sequence[str],
    letters: Mapping[str, int],
    gazetteer: Gazetteer,
    confidence: ValueConfidence,
    titles: SimilarTitles,
) -> Features:
    """Return the network's input for a text.

    Args:
        text: As it is written.
        categories: The product's widest and narrowest one, or none.
        letters: Character to its number, from 2; 1 for unknown ones, 0 for padding.
        gazetteer: Values that are known.
        confidence: The probability that each of them is meant.
        titles: Similar titles.
    """
    shown = plain(text)
    ids = np.zeros((len(shown), len(COLUMNS)), dtype=np.int64)
    padded = f"{shown}\n"
    for place, letter in enumerate(shown):
        ids[place, 0] = letters.get(letter, 1)
        ids[place, 1] = 1 + zlib.crc32(padded[place : place + 2].encode()) % (PAIRS - 1)
        ids[place, 2] = _class(letter)
    _mark_words(ids, shown)
    for column, category in zip((7, 8), (*categories[:1], *categories[-1:]), strict=False):
        ids[:, column] = 1 + zlib.crc32(category.encode()) % (_KINDS - 1)
    spans, numbers = value_features(shown, categories, gazetteer, titles)
    return Features(ids, _mark_values(ids, spans, numbers, confidence.of(numbers)))


def _class(letter: str) -> int:
    if "\u4e00" <= letter <= "\u9fff":
        return 1
    if letter.isdigit():
        return 2
    if letter.isascii() and letter.isalpha():
        return 3
    if letter.isspace():
        return 4
    return 5 if letter.isalpha() else 6


def _mark_words(rows: NDArray[np.int64], text: str) -> None:
    """Set each character's place in its word (single, first, inside, last) and the word's tag."""
    place = 0
    for word, tag in _tagger()(text):
        size = len(word)
        end = min(place + size, len(rows))
        rows[place:end, 3] = 2
        rows[place:end, 4] = _tag(tag)
        if size == 1:
            rows[place:end, 3] = 4
        else:
            rows[place : place + 1, 3] = 1
            rows[place + size - 1 : end, 3] = 3
        place += size


@cache
def _tagger() -> Any:  # noqa: ANN401 - rjieba's function
    import rjieba

    return rjieba.tag


@cache
def _tag(tag: str) -> int:
    return zlib.crc32(tag.encode()) % _TAGS


def _mark_values(
    ids: NDArray[np.int64],
    spans: Sequence[Span],
    features: NDArray[np.float64],
    sure: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Set, for each character, the most probable and the longest value that covers it."""
    measures = np.zeros((len(ids), MEASURES), dtype=np.float32)
    numbers = np.column_stack(
        [
            sure,
            np.log(sure / (1 - sure)) / 4,
            features[:, 0],
            features[:, 1],
            np.log1p(features[:, 3]) / 5,
        ]
    )  # fmt: skip
    by_sure = np.argsort(-sure, kind="stable")
    by_size = np.lexsort((-sure, -features[:, 6]))
    for column, order in ((5, by_size), (6, by_sure)):
        taken = np.zeros(len(ids), dtype=bool)
        start = (column - 5) * 5
        for n in order:
            span = spans[int(n)]
            if taken[span.start : span.end].any():
                continue
            taken[span.start : span.end] = True
            for place in range(span.start, span.end):
                ids[place, column] = 1 + _mark(span, place)
            measures[span.start : span.end, start : start + 5] = numbers[n]
    return measures


def _mark(span: Span, place: int) -> int:
    """Return a character's place in a value: first (0), inside (1), last (2), the only one (3)."""
    if span.end - span.start == 1:
        return 3
    if place == span.start:
        return 0
    return 2 if place == span.end - 1 else 1
