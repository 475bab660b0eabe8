"""Chinese tools: segmentation with parts of speech, and both scripts. Loaded when first made."""

import re
from functools import lru_cache

REMEMBERED = 200_000
_CJK = re.compile("[㐀-鿿豈-﫿]")


class Chinese:
    """Segments, converts and spells; making one loads the dictionaries (0.5 s): make it at start.

    What was spelled is remembered, so that a vocabulary that is read again costs little.
    """

    def __init__(self) -> None:
        import opencc
        import rjieba
        from pypinyin import lazy_pinyin

        self._tag = rjieba.tag
        self._to_simplified = opencc.OpenCC("t2s")
        self._to_traditional = opencc.OpenCC("s2t")
        self._spell = lazy_pinyin
        self.sounds = lru_cache(REMEMBERED)(self._sounds)
        self._tag("热身")

    def tag(self, text: str) -> list[tuple[str, str]]:
        """Return the words of a text with jieba's part-of-speech tags; together they are it."""
        tagged: list[tuple[str, str]] = self._tag(text)
        return tagged

    def _sounds(self, text: str) -> tuple[str, ...]:
        """Return a text in pinyin without tones, a syllable for each Chinese character."""
        return tuple(str(s).replace("ü", "v") for s in self._spell(text))

    def simplified(self, text: str) -> str:
        """Return the text in simplified characters."""
        return str(self._to_simplified.convert(text))

    def traditional(self, text: str) -> str:
        """Return the text in traditional characters."""
        return str(self._to_traditional.convert(text))


def is_cjk(character: str) -> bool:
    """Tell whether a character is a Chinese one."""
    return _CJK.fullmatch(character) is not None


def has_cjk(text: str) -> bool:
    """Tell whether a text holds a Chinese character."""
    return _CJK.search(text) is not None


def count_cjk(text: str) -> int:
    """Return how many Chinese characters a text holds."""
    return len(_CJK.findall(text))
