"""The lexical leg: BM25 of the query's words over the columns of the scripts it is written in."""

import re
from typing import Any

from mappings.fields import Text
from query.model.intent import Script
from query.model.signals import Lexical
from query.understand.chinese import count_cjk, is_cjk

# The server counts one clause for every term of every field, filters included, and refuses more.
MAX_CLAUSES = 1_024
RESERVED = 64
# A query holds the words twice: to find candidates, and to report the BM25 score of each row.
LIMIT = (MAX_CLAUSES - RESERVED) // 2
TIE = 0.3
# What a column but the first counts in a sum: between whole, as where it is the best one, and
# ``TIE``. The best 24 of 30,000 are then found as truly as by the best column (0.992 of them).
LESS = 0.6
# How many of a query's characters must match in a column that is indexed by characters: two, or
# two in five. A single one is not a word, and nearly every product would match.
ENOUGH = "2<2 5<40%"
# With this many characters, matching and scoring are separate clauses. Fewer gain nothing; more
# would exceed the server's clause limit, as the column is queried twice.
APART = range(4, 61)
# What a character counts where pairs are not scored. The best 24 of 30,000 are then found as truly
# as by both (0.995 of them for long Chinese queries, 0.993 by both).
ALONE = 2.0

_TOKENS = re.compile(r"[0-9A-Za-z]+|[^\x00-\x7f\s]")


def lexical_query(
    signal: Lexical, text: str, script: Script, *, summed: bool = False
) -> dict[str, Any] | None:
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
        summed: Whether columns are added up instead: the same matches, whose best the engine
            finds sooner as it can skip the others. Good for candidates, not for a score.
    """
    if script == "none":
        return None
    fields = _affordable(signal, text)
    if summed:
        fields = fields[:1] + [(field, round(LESS * boost, 3)) for field, boost in fields[1:]]
    legs: list[dict[str, Any]] = []
    if script in ("zh", "mixed"):
        apart = summed and count_cjk(text) in APART
        queries = [_chinese(field, boost, text, apart=apart) for field, boost in fields]
        best = {"dis_max": {"queries": queries, "tie_breaker": TIE}}
        legs.append({"bool": {"should": queries}} if summed else best)
    if script in ("en", "mixed"):
        columns = [f"{f.en}^{boost:g}" for f, boost in fields]
        how = {"type": "most_fields"} if summed else {"type": "best_fields", "tie_breaker": TIE}
        legs.append({"multi_match": {"query": text, **how, "fields": columns}})
    return legs[0] if len(legs) == 1 else {"bool": {"should": legs}}


def _chinese(field: Text, boost: float, text: str, *, apart: bool) -> dict[str, Any]:
    """Return the clause of one column.

    Args:
        field: The column.
        boost: What it counts.
        text: The words.
        apart: Whether matching and scoring are separate clauses. The matches are the same, but the
            engine skips from match to match instead of bounding the score of each term. Only
            single characters are scored, not their pairs, which halves the terms.
    """
    match: dict[str, Any] = {"query": text, "boost": boost}
    if not field.characters:
        return {"match": {field.zh: match}}
    enough = {"match": {field.zh: match | {"minimum_should_match": ENOUGH}}}
    if not apart:
        return enough
    alone = {"query": _spaced(text), "boost": round(ALONE * boost, 3)}
    return {"bool": {"filter": [enough], "must": [{"match": {field.zh: alone}}]}}


def _spaced(text: str) -> str:
    """Return a text whose Chinese characters stand apart, so that they make no pairs."""
    return " ".join("".join(f" {c} " if is_cjk(c) else c for c in text).split())


def tokens(text: str) -> int:
    """Return at most how many tokens a text makes: runs of ASCII, and each other character."""
    return len(_TOKENS.findall(text))


def _affordable(signal: Lexical, text: str) -> list[tuple[Any, float]]:
    """Return the columns in falling order of boost, as many as the limit of clauses allows."""
    cjk = count_cjk(text)
    spent = cjk if cjk in APART else 0  # the title is queried twice
    most = max(1, (LIMIT - spent) // max(1, tokens(text)))
    ranked = sorted(signal.fields, key=lambda pair: -pair[1])
    return ranked[:most]
