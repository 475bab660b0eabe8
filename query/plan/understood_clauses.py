"""Clauses: what was understood as parts of the lexical leg, within the server's limits."""

from collections.abc import Iterator
from typing import Any

from mappings.calibration import Affine, Saturation
from mappings.schema import CATEGORIES, TITLE
from query.model.intent import Intent, script_of
from query.model.signals import Lexical
from query.plan.lexical import LIMIT, TIE, lexical_query, tokens
from query.plan.script import Scale
from query.understand.catalogue_reading import constraint_filters
from query.understand.chinese import count_cjk

# What the head adds to its own BM25, and a property to a score, in parts of a good BM25 score.
HEAD = 0.1
PROPERTY = 0.1
NAMING = (TITLE.name, CATEGORIES.name)


def understood_query(
    signal: Lexical, intent: Intent, scale: Scale, *, summed: bool = False
) -> dict[str, Any] | None:
    """Return the lexical clause of an intent, or ``None`` when its text holds no word.

    What matches is decided by the words, in the best of their wordings, each by its weight. The
    head's own matches in title and categories count once more by a tenth, where it is known as a
    kind of thing (boosting guessed heads loses more than it finds), and each soft property that
    a product has adds a tenth of a good score (the middle of the lexical scale). Wordings that
    would pass the server's limit of clauses are left out, the last ones first.

    Args:
        signal: The columns and their boosts.
        intent: The request understood.
        scale: Of the lexical signal.
        summed: As in ``lexical_query``.
    """
    core = lexical_query(signal, intent.text, intent.script, summed=summed)
    if core is None:
        return None
    head, variants = _head(signal, intent), intent.understood.variants
    # A core of its own fits; counting costs something for every search.
    left = LIMIT - (clauses_of(core) if head or variants else 0)
    wordings = [core]
    boosts: list[dict[str, Any]] = []
    if head and clauses_of(head) <= left:
        left -= clauses_of(head)
        boosts.append(head)
    boosts += _properties(intent, _good(scale))
    for variant in variants:
        other = lexical_query(signal, variant.text, script_of(variant.text), summed=summed)
        if other is not None and clauses_of(other) <= left:
            left -= clauses_of(other)
            wordings += [{kind: {**c, "boost": variant.weight}} for kind, c in other.items()]
    asked = core if len(wordings) == 1 else {"dis_max": {"queries": wordings}}
    return {"bool": {"must": [asked], "should": boosts}} if boosts else asked


def clauses_of(query: Any) -> int:  # noqa: ANN401 - JSON
    """Return at most how many clauses a lexical clause becomes: columns times tokens.

    Each column keeps one script's tokens; a place's character and pair count as one.
    """
    if isinstance(query, list):
        return sum(clauses_of(part) for part in query)
    if not isinstance(query, dict):
        return 0
    found = 0
    for kind, part in query.items():
        if kind == "multi_match":
            text = part["query"]
            cjk = count_cjk(text)
            rest = tokens(text) - cjk
            found += sum(cjk if ".zh" in f else rest for f in part["fields"]) + 1
        elif kind == "match":  # of a Chinese column
            found += sum(tokens(asked["query"]) for asked in part.values()) + 1
        else:
            found += clauses_of(part)
    return found


def _good(scale: Scale) -> float:
    """Return the BM25 score in the middle of the scale."""
    if isinstance(scale, Saturation):
        return scale.c
    return (scale.low + scale.high) / 2 if isinstance(scale, Affine) else 1.0


def _head(signal: Lexical, intent: Intent) -> dict[str, Any] | None:
    """Return the clause of the head, ``None`` where it is all that is asked for."""
    head = intent.understood.head
    if not intent.understood.thing or head == intent.text:
        return None
    script = script_of(head)
    fields = [
        f"{part}^{boost:g}"
        for field, boost in signal.fields
        if field.name in NAMING
        for part in ((field.zh,) if script == "zh" else (field.en,))
    ]
    if not fields or script in ("mixed", "none"):
        return None
    match = {"query": head, "type": "best_fields", "tie_breaker": TIE, "operator": "and"}
    return {"multi_match": {**match, "fields": fields, "boost": HEAD}}


def _properties(intent: Intent, good: float) -> Iterator[dict[str, Any]]:
    for constraint in intent.understood.soft:
        clauses = [f.clause() for f in constraint_filters(constraint)]
        if clauses:
            kept = {"bool": {"filter": clauses}} if len(clauses) > 1 else clauses[0]
            yield {"constant_score": {"filter": kept, "boost": PROPERTY * good}}
