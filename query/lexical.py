"""The lexical leg: BM25 of the query's words over the columns of the scripts it is written in."""

from typing import Any

from query.intent import Script
from query.signals import Lexical

# The server counts one clause for every term of every field, filters included, and refuses more.
MAX_CLAUSES = 1_024
RESERVED = 64
TIE = 0.3


def lexical_query(signal: Lexical, text: str, script: Script) -> dict[str, Any] | None:
    """Return the lexical clause, or ``None`` when the text holds no word.

    Each script's words are matched over its own subfields, the best field counting whole and the
    others by 0.3; a mixed query adds both. The user's text is only ever a ``multi_match``'s
    ``query``: it is analysed, never parsed. Columns of low boost are left out where a long text
    would pass the server's limit of clauses.

    Args:
        signal: The columns and their boosts.
        text: The plain text, at most 200 characters.
        script: What it is written in.
    """
    if script == "none":
        return None
    fields = _affordable(signal, text)
    legs = []
    if script in ("zh", "mixed"):
        legs.append(_match([f"{f.zh}^{boost:g}" for f, boost in fields], text))
    if script in ("en", "mixed"):
        legs.append(_match([f"{f.en}^{boost:g}" for f, boost in fields], text))
    return legs[0] if len(legs) == 1 else {"bool": {"should": legs}}


def _match(fields: list[str], text: str) -> dict[str, Any]:
    return {
        "multi_match": {"query": text, "type": "best_fields", "tie_breaker": TIE, "fields": fields}
    }


def _affordable(signal: Lexical, text: str) -> list[tuple[Any, float]]:
    """Return the columns in falling order of boost, as many as the limit of clauses allows.

    A character makes at most one token, whichever the analyzer.
    """
    tokens = max(1, sum(not c.isspace() for c in text))
    most = max(1, (MAX_CLAUSES - RESERVED) // tokens)
    ranked = sorted(signal.fields, key=lambda pair: -pair[1])
    return ranked[:most]
