"""Pinyin: Chinese words that are typed in Latin letters, and those that sound alike."""

from collections.abc import Iterable, Mapping

MAX_WORDS = 30_000
MAX_WORD = 8
SHORTEST = 4
MAX_PARTS = 4


class Pinyin:
    """A catalogue's Chinese words by their sound.

    Args:
        words: Word to the number of products; the more frequent of two that sound alike wins.
    """

    def __init__(self, words: Mapping[str, int]) -> None:
        from pypinyin import lazy_pinyin

        self._spell = lazy_pinyin
        kept = (w for w in sorted(words, key=lambda w: -words[w]) if 2 <= len(w) <= MAX_WORD)
        self._sounds: dict[str, str] = {}
        for _, word in zip(range(MAX_WORDS), kept, strict=False):
            self._sounds.setdefault(self.sound(word), word)
        self._longest = max(map(len, self._sounds), default=0)

    def sound(self, word: str) -> str:
        """Return a Chinese word in pinyin, without tones and spaces."""
        return "".join(self._spell(word)).replace("ü", "v")

    def written(self, letters: str) -> tuple[str, ...]:
        """Return the Chinese words that a run of Latin letters spells, empty where it does not.

        The longest words are taken first; all letters must be used up.

        Args:
            letters: In lower case, such as ``lianyiqu`` or ``hongselianyiqu``.
        """
        if len(letters) < SHORTEST or not (letters.isascii() and letters.isalpha()):
            return ()
        return self._parts(letters, MAX_PARTS) or ()

    def _parts(self, letters: str, most: int) -> tuple[str, ...] | None:
        if not letters:
            return ()
        if not most:
            return None
        for end in range(min(len(letters), self._longest), SHORTEST - 1, -1):
            if word := self._sounds.get(letters[:end]):
                rest = self._parts(letters[end:], most - 1)
                if rest is not None:
                    return (word, *rest)
        return None

    def sounds_like(self, word: str) -> str | None:
        """Return the known word that sounds like another of the same length and shares half of it.

        连衣群 sounds like 连衣裙.
        """
        found = self._sounds.get(self.sound(word))
        if found is None or found == word or len(found) != len(word):
            return None
        alike = sum(a == b for a, b in zip(found, word, strict=True))
        return found if 2 * alike >= len(word) else None


def initials(words: Iterable[str]) -> dict[str, str]:
    """Return each Chinese word's initials, 连衣裙 as ``lyq``; other characters as they are."""
    from pypinyin import Style, lazy_pinyin

    return {w: "".join(s[:1] for s in lazy_pinyin(w, style=Style.FIRST_LETTER)) for w in words}
