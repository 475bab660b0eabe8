"""Spelling: an unknown word and the one word of the catalogue that it must have been meant for."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache

SHORTEST = 4
LONG = 8
CLEAR = 10
COMMON = 2
REMEMBERED = 4_096


class Speller:
    """Corrects words of Latin letters from a catalogue's own.

    A word is corrected only when the catalogue does not have it in any form, and one known word
    is clearly nearest: one edit away, two from eight letters on, the same first letter (or the
    first two swapped), in at least two products, and ten times as frequent as any other that is
    as near.

    Args:
        words: Word in lower case to the number of products.
        known: Further words that are right: the lexicon's, brands.
    """

    def __init__(self, words: Mapping[str, int], known: Iterable[str]) -> None:
        from rapidfuzz.distance import OSA
        from rapidfuzz.process import extract

        self._extract, self._distance = extract, OSA.distance
        self.correct = lru_cache(REMEMBERED)(self._correct)
        self._counts = {w: n for w, n in words.items() if w.isascii() and w.isalpha()}
        self._known = frozenset(known) | self._counts.keys()
        self._near: dict[tuple[str, int], list[str]] = defaultdict(list)
        for word, count in self._counts.items():
            if count >= COMMON and len(word) >= SHORTEST:
                self._near[word[0], len(word)].append(word)

    def knows(self, word: str) -> bool:
        """Tell whether the word, or it without its ending, is known."""
        return any(form in self._known for form in _forms(word))

    def _correct(self, word: str) -> str | None:
        """Return the word that was meant, ``None`` where it is known or nothing is clear.

        Args:
            word: In lower case.
        """
        if len(word) < SHORTEST or not (word.isascii() and word.isalpha()) or self.knows(word):
            return None
        most = 2 if len(word) >= LONG else 1
        lengths = range(len(word) - most, len(word) + most + 1)
        near = [w for first in {word[0], word[1]} for n in lengths for w in self._near[first, n]]
        found = self._extract(word, near, scorer=self._distance, score_cutoff=most, limit=8)
        if not found:
            return None
        nearest = min(distance for _, distance, _ in found)
        best = sorted(
            (w for w, distance, _ in found if distance == nearest and _starts_alike(w, word)),
            key=lambda w: (-self._counts[w], w),
        )
        clear = len(best) == 1 or (
            len(best) > 1
            and (self._counts[best[0]] >= CLEAR * self._counts[best[1]] or _same(*best[:2]))
        )
        return best[0] if clear else None


def _starts_alike(known: str, word: str) -> bool:
    return known[0] == word[0] or known[:2] == word[1::-1]


def _same(one: str, other: str) -> bool:
    """Tell whether two words are forms of one: dress, dresses."""
    return other in _forms(one) or one in _forms(other)


def _forms(word: str) -> tuple[str, ...]:
    """Return a word and what it may be a form of, or have as a form."""
    cut = [word[: -len(e)] for e in ("es", "s", "ed", "ing", "'s", "er") if word.endswith(e)]
    if word.endswith("ies"):
        cut.append(f"{word[:-3]}y")
    return (word, *(c for c in cut if len(c) > 2), f"{word}s", f"{word}es")
