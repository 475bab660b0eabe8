"""Pinyin: Chinese words that are typed in Latin letters, and those that sound alike."""

from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache

from query.understand.chinese import Chinese

MAX_WORDS = 30_000
MAX_WORD = 8
SHORTEST = 4
MAX_PARTS = 4
MAX_LETTERS = 40
REMEMBERED = 4_096
CERTAIN = 7


class Pinyin:
    """A catalogue's Chinese words by their sound.

    Args:
        words: Word to the number of products; the more frequent of two that sound alike wins.
        chinese: Spells them.
    """

    def __init__(self, words: Mapping[str, int], chinese: Chinese) -> None:
        from rapidfuzz.distance import OSA
        from rapidfuzz.process import extract

        self._spell, self._extract, self._distance = chinese.sounds, extract, OSA.distance
        self.written = lru_cache(REMEMBERED)(self._written)
        kept = (w for w in sorted(words, key=lambda w: -words[w]) if 2 <= len(w) <= MAX_WORD)
        self._sounds: dict[str, str] = {}
        for _, word in zip(range(MAX_WORDS), kept, strict=False):
            self._sounds.setdefault(self.sound(word), word)
        self._longest = max(map(len, self._sounds), default=0)
        self._near: dict[tuple[str, int], list[str]] = defaultdict(list)
        for sound in self._sounds:
            self._near[sound[0], len(sound)].append(sound)

    def sound(self, word: str) -> str:
        """Return a Chinese word in pinyin, without tones and spaces."""
        return "".join(self._spell(word))

    def _written(self, letters: str, *, slips: bool = False) -> tuple[str, ...]:
        """Return the Chinese words that a run of Latin letters spells, empty where it does not.

        The longest words are taken first; all letters must be used up.

        Args:
            letters: In lower case, such as ``lianyiqun`` or ``hongselianyiqun``.
            slips: Whether the last word may have one letter wrong, as in ``lianyiqu``.
        """
        if not SHORTEST <= len(letters) <= MAX_LETTERS:
            return ()
        if not (letters.isascii() and letters.isalpha()):
            return ()
        return self._parts(letters, MAX_PARTS, slips) or ()

    def _parts(self, letters: str, most: int, slips: bool) -> tuple[str, ...] | None:
        if not letters:
            return ()
        if not most:
            return None
        for end in range(min(len(letters), self._longest), SHORTEST - 1, -1):
            if word := self._sounds.get(letters[:end]):
                rest = self._parts(letters[end:], most - 1, slips)
                if rest is not None:
                    return (word, *rest)
        near = self._one_off(letters) if slips else None
        return (near,) if near else None

    def _one_off(self, letters: str) -> str | None:
        """Return the one word whose sound is a single letter away."""
        if len(letters) < CERTAIN:
            return None
        lengths = range(len(letters) - 1, len(letters) + 2)
        near = [sound for n in lengths for sound in self._near.get((letters[0], n), ())]
        found = self._extract(letters, near, scorer=self._distance, score_cutoff=1, limit=2)
        return self._sounds[found[0][0]] if len(found) == 1 else None

    def sounds_like(self, word: str) -> str | None:
        """Return the known word that sounds like another of the same length and shares half of it.

        连衣群 sounds like 连衣裙.
        """
        found = self._sounds.get(self.sound(word))
        if found is None or found == word or len(found) != len(word):
            return None
        alike = sum(a == b for a, b in zip(found, word, strict=True))
        return found if 2 * alike >= len(word) else None
