"""Highlights: which words of a product matched, asked for and read from a reply."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from query.model.result import MatchedWord

# Private characters, which no text holds; the engine trims control characters away.
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARKED = re.compile(f"{_OPEN}([^{_CLOSE}]*){_CLOSE}")
MOST_WORDS = 20


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
    matched: dict[tuple[str, str], MatchedWord] = {}
    for column, fragments in row.get("highlight", {}).items():
        name = column.partition(".")[0]
        for fragment in fragments:
            for word in _MARKED.findall(fragment):
                matched.setdefault((word.casefold(), name), MatchedWord(word, name))
    return tuple(matched.values())[:MOST_WORDS]
