"""Readings weighed again by what the catalogue knows: a shop hears "wool jacket", not "will"."""

import math
import re
from collections.abc import Mapping
from dataclasses import replace

from encoders.speech.transcript import Alternative, Transcript

WEIGHT = 3.0
"""What a reading of known words alone gains over one of none, as a logarithm of confidence."""
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


def words_of(transcript: Transcript) -> tuple[str, ...]:
    """Return the words of all readings, each once, in lower case, as they first come."""
    found = dict.fromkeys(w for a in transcript.alternatives for w in _words(a.text))
    return tuple(found)


def rescore(transcript: Transcript, known: Mapping[str, int], weight: float = WEIGHT) -> Transcript:
    """Return the transcript with its readings ordered by confidence and by the catalogue's words.

    A reading's value is log(confidence) + weight x (share of its letters that stand in known
    words); the new confidences are the values' exponentials, brought to sum 1. Equal readings keep
    their order. Without any known word the transcript stays as it is.

    Args:
        transcript: What was heard.
        known: Word in lower case to the number of products that hold it.
        weight: How much the catalogue counts against the ear.
    """
    if not any(known.get(w, 0) > 0 for w in words_of(transcript)):
        return transcript
    logs = [
        math.log(max(a.confidence, 1e-9)) + weight * _share(a.text, known)
        for a in transcript.alternatives
    ]
    most = max(logs)
    values = [math.exp(v - most) for v in logs]
    total = sum(values)
    ranked = sorted(
        (
            Alternative(a.text, v / total)
            for a, v in zip(transcript.alternatives, values, strict=True)
        ),
        key=lambda a: -a.confidence,
    )
    return replace(transcript, text=ranked[0].text, alternatives=tuple(ranked), rescored=True)


def _share(text: str, known: Mapping[str, int]) -> float:
    words = _words(text)
    letters = sum(map(len, words))
    return sum(len(w) for w in words if known.get(w, 0) > 0) / letters if letters else 0.0


def _words(text: str) -> list[str]:
    return [w.lower() for w in _WORD.findall(text)]
