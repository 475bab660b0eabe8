"""Explanations: what each signal gave a hit, which words and picture matched, in two languages."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from query.explain_words import EN, ZH, Wording
from query.result import Contribution, Explanation, Hit, MatchedWord

# Private characters, which no text holds; the engine trims control characters away.
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARKED = re.compile(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}")
MOST_WORDS = 20
LEAST_TOLD = 0.0005
"""Points of a boost that are still worth a sentence."""


def explain(hit: Hit, rank: int, words: Sequence[MatchedWord] = ()) -> Explanation:
    """Return why a hit is where it is.

    Args:
        hit: The hit with its contributions.
        rank: Its place, from 1.
        words: Which of its words matched.
    """
    told = tuple(words)
    return Explanation(
        rank=rank,
        score=hit.score,
        parts=hit.contributions,
        picture=hit.matched_picture,
        words=told,
        placed=hit.placed,
        zh=sentence(hit, rank, told, ZH),
        en=sentence(hit, rank, told, EN),
    )


def sentence(hit: Hit, rank: int, words: Sequence[MatchedWord], say: Wording) -> str:
    """Return in plain words why a hit is where it is.

    Args:
        hit: The hit.
        rank: Its place, from 1.
        words: Which of its words matched.
        say: The language.
    """
    signals = [c for c in hit.contributions if not is_boost(c)]
    total = sum(c.points for c in signals if c.points > 0)
    gave = sorted((c for c in signals if c.points > 0), key=lambda c: -c.points)
    reasons = [say.reason(c.signal, c.points / total, _matched(c, words, say)) for c in gave]
    parts = [say.begin(rank, hit.score, reasons)]
    if hit.matched_picture and hit.matched_picture.path:
        parts.append(say.picture(hit.matched_picture.path, hit.matched_picture.role))
    if lacking := [c.signal for c in signals if c.missing]:
        parts.append(say.lacks(lacking))
    boosts = (c for c in hit.contributions if is_boost(c) and abs(c.points) >= LEAST_TOLD)
    parts += [say.boost(c.signal, c.points) for c in boosts]
    if hit.placed:
        parts.append(say.placed(hit.placed))
    return say.join(parts)


def is_boost(c: Contribution) -> bool:
    """Tell whether a contribution is a boost's and not a signal's."""
    return c.signal.startswith("boost: ")


def highlighting(clause: Mapping[str, Any] | None, columns: Sequence[str]) -> dict[str, Any]:
    """Return the part of a request that marks the matched words; nothing without words.

    Args:
        clause: The words' clause.
        columns: The subfields that it matches.
    """
    if clause is None:
        return {}
    marks = {
        "type": "unified",
        "number_of_fragments": 3,
        "fragment_size": 60,
        "pre_tags": [_OPEN],
        "post_tags": [_CLOSE],
        "highlight_query": dict(clause),
        "fields": {column: {} for column in columns},
    }
    return {"highlight": marks}


def matched_words(row: Mapping[str, Any]) -> tuple[MatchedWord, ...]:
    """Return the words that a reply's row has marked, with their columns, each once."""
    found: dict[tuple[str, str], MatchedWord] = {}
    for column, fragments in row.get("highlight", {}).items():
        name = column.partition(".")[0]
        for fragment in fragments:
            for word in _MARKED.findall(fragment):
                found.setdefault((word.casefold(), name), MatchedWord(word, name))
    return tuple(found.values())[:MOST_WORDS]


def _matched(c: Contribution, words: Sequence[MatchedWord], say: Wording) -> str:
    if c.signal != "lexical":
        return ""
    by_column: dict[str, list[str]] = {}
    for word in words:
        by_column.setdefault(word.column, []).append(word.word)
    return say.words(by_column)
