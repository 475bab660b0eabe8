"""The intent: the request understood, which so far means its text made plain and its script."""

import unicodedata
from dataclasses import dataclass
from typing import Literal

from query.request import SearchRequest, plain_text

Script = Literal["zh", "en", "mixed", "none"]
# The scripts whose tokens the analyzer shelf_zh keeps; all others go to shelf_en.
_CJK = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "HALFWIDTH KATAKANA")


@dataclass(frozen=True, slots=True)
class Intent:
    """A request with its plain text; ``script`` says which analyzers have something to read."""

    request: SearchRequest
    text: str
    script: Script


def understand(request: SearchRequest) -> Intent:
    """Return the request's intent: its text in NFKC and the script that it is written in."""
    text = plain_text(request.text)
    return Intent(request, text, script_of(text))


def script_of(text: str) -> Script:
    """Return ``zh``, ``en`` (any script but Chinese, Japanese, Korean), ``mixed`` or ``none``."""
    letters = [c for c in text if c.isalnum()]
    cjk = [unicodedata.name(c, "").startswith(_CJK) for c in letters]
    if not letters:
        return "none"
    if all(cjk):
        return "zh"
    return "mixed" if any(cjk) else "en"
