"""The intent: a request with its normalised text and what was understood of it."""

import unicodedata
from dataclasses import dataclass
from typing import Literal

from query.model.input_limits import plain_text
from query.model.request import SearchRequest
from query.model.understood import NOTHING, Understood

Script = Literal["zh", "en", "mixed", "none"]
# The scripts whose tokens the analyzer shelf_zh keeps; all others go to shelf_en.
_CJK = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "HALFWIDTH KATAKANA")


@dataclass(frozen=True, slots=True)
class Intent:
    """A request with its normalised text; ``script`` decides which analyzers apply.

    ``request`` holds the filters that the words ask for beside those that were given, and
    ``text`` is what is matched: ``understood.searched``.
    """

    request: SearchRequest
    text: str
    script: Script
    understood: Understood = NOTHING

    @property
    def encoded(self) -> str:
        """The text to encode: the corrected one if there is a correction."""
        return self.understood.encoded or self.text


def understand(request: SearchRequest) -> Intent:
    """Return the request's intent: its text in NFKC and the script that it is written in.

    This is the plain reading, which needs no catalogue; ``query.understand.catalogue_reading``
    reads more.
    """
    text = plain_text(request.text)
    script = script_of(text)
    return Intent(request, text, script, Understood(text, text, script))


def script_of(text: str) -> Script:
    """Return ``zh``, ``en`` (any script but Chinese, Japanese, Korean), ``mixed`` or ``none``."""
    if text.isascii():
        return "en" if any(map(str.isalnum, text)) else "none"
    letters = [c for c in text if c.isalnum()]
    cjk = [unicodedata.name(c, "").startswith(_CJK) for c in letters]
    if not letters:
        return "none"
    if all(cjk):
        return "zh"
    return "mixed" if any(cjk) else "en"
