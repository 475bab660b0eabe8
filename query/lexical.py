"""The lexical leg: BM25 of the query's words over the columns of the scripts it is written in."""

from typing import Any

from mappings.fields import Text
from query.intent import Script
from query.signals import Lexical

# The server counts one clause for every term of every field, filters included, and refuses more.
MAX_CLAUSES = 1_024
RESERVED = 64
TIE = 0.3
# Of a query's characters, in a column that is indexed by characters: two, or two in five. One
# alone is not a word, and would make nearly every product a match that is counted.
ENOUGH = "2<2 5<40%"


def lexical_query(signal: Lexical, text: str, script: Script) -> dict[str, Any] | None:
    """Return the lexical clause, or ``None`` when the text holds no word.

    Each script's words are matched over its own subfields, the best field counting whole and the
    others by 0.3; a mixed query adds both. Chinese matches by pairs of characters, in titles by
    two characters or two in five. The user's text is only ever a ``query`` of ``match`` or
    ``multi_match``: it is analysed, never parsed. Columns of low boost are left out where a long
    text would pass the server's limit of clauses.

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
        queries = [_chinese(field, boost, text) for field, boost in fields]
        legs.append({"dis_max": {"queries": queries, "tie_breaker": TIE}})
    if script in ("en", "mixed"):
        columns = [f"{f.en}^{boost:g}" for f, boost in fields]
        legs.append({
            "multi_match": {
                "query": text, "type": "best_fields", "tie_breaker": TIE, "fields": columns,
            }
        })  # fmt: skip
    return legs[0] if len(legs) == 1 else {"bool": {"should": legs}}


def _chinese(field: Text, boost: float, text: str) -> dict[str, Any]:
    match: dict[str, Any] = {"query": text, "boost": boost}
    if field.characters:
        match["minimum_should_match"] = ENOUGH
    return {"match": {field.zh: match}}


def _affordable(signal: Lexical, text: str) -> list[tuple[Any, float]]:
    """Return the columns in falling order of boost, as many as the limit of clauses allows.

    A character makes at most one token, whichever the analyzer.
    """
    tokens = max(1, sum(not c.isspace() for c in text))
    most = max(1, (MAX_CLAUSES - RESERVED) // tokens)
    ranked = sorted(signal.fields, key=lambda pair: -pair[1])
    return ranked[:most]
