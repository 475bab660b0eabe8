"""Normalises text for matching, character by character, so that offsets stay valid."""

from __future__ import annotations

import unicodedata

MAX_TEXT = 2_000
"""Characters of a text that are read: a title, or the beginning of a description."""


def plain(text: str) -> str:
    """Return the text in half width and lower case, one character for each.

    Args:
        text: Any text; only the first ``MAX_TEXT`` characters are returned.
    """
    return "".join(_fold(letter) for letter in text[:MAX_TEXT])


def cuts_word(text: str, start: int, end: int) -> bool:
    """Tell whether a span begins or ends inside a run of Latin letters or inside a number.

    Args:
        text: Plain text.
        start: First letter of the span.
        end: One past its last letter.
    """
    return _joined(text, start) or _joined(text, end)


def _joined(text: str, place: int) -> bool:
    if not 0 < place < len(text):
        return False
    before, after = text[place - 1], text[place]
    return (_latin(before) and _latin(after)) or (before.isdigit() and after.isdigit())


def _latin(letter: str) -> bool:
    return letter.isascii() and letter.isalpha()


def _fold(letter: str) -> str:
    folded = unicodedata.normalize("NFKC", letter).lower()
    return folded if len(folded) == 1 else letter.lower()[:1]
