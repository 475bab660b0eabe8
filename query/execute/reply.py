"""Reading the engine's reply: hits in their final order, with their contributions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from mappings.schema import CARD, KEY
from query.explain.highlights import matched_words
from query.model.result import Contribution, Hit, MatchedPicture, MatchedWord
from query.model.signals import BestPicture, Lexical, PseudoRelevanceFeedback, Stored, VectorSignal
from query.model.window import Candidate
from query.opensearch.doc_values import values_of
from query.plan.candidates import LEXICAL
from query.plan.plan import Plan
from query.plan.script import MISSING, Term


def read_hits(reply: Mapping[str, Any], plan: Plan) -> tuple[Hit, ...]:
    """Return the reply's rows as hits, best first, equal scores by id."""
    rows = reply["hits"]["hits"]
    if not rows:
        return ()
    shares = contributions(plan.terms, _raws(rows, plan.terms))
    shift, pictured = plan.shift, [t for t in plan.terms if isinstance(t.signal, BestPicture)]
    hits = [
        Hit(
            id_of(row),
            float(row["_score"] or 0.0) - shift,
            own,
            _source_of(row),
            _matched(row, pictured) if pictured else None,
        )
        for row, own in zip(rows, shares, strict=True)
    ]
    return tuple(sorted(hits, key=lambda hit: (-hit.score, hit.id)))


def page_of(
    rows: Sequence[Hit], first: int, offset: int, size: int, reached_end: bool
) -> tuple[Hit, ...] | None:
    """Return the page, or ``None`` if equal scores cross its borders, so that more rows are needed.

    Args:
        rows: Hits from rank ``first`` on, sorted.
        first: Rank of the first row, at most ``offset``.
        offset: Rank of the page's first hit.
        size: Hits on the page.
        reached_end: Whether there is nothing behind the last row.
    """
    page = tuple(rows[offset - first : offset - first + size])
    if not page:
        return ()
    above_tied = first > 0 and rows[0].score == page[0].score
    below_tied = not reached_end and rows[-1].score == page[-1].score
    return None if above_tied or below_tied else page


def read_words(reply: Mapping[str, Any]) -> dict[str, tuple[MatchedWord, ...]]:
    """Return the words that matched, by the rows' ids; empty where they were not asked for."""
    return {id_of(row): matched_words(row) for row in reply["hits"]["hits"] if "highlight" in row}


def is_complete(reply: Mapping[str, Any]) -> bool:
    """Return True if every row has its product's id and source or card."""
    needed = {KEY.name, CARD.name}
    return all(
        "_id" in row or needed.issubset(row.get("fields", ())) for row in reply["hits"]["hits"]
    )


def id_of(row: Mapping[str, Any]) -> str:
    """Return the product id of a row, from ``_id`` or from its doc value."""
    return str(row["_id"] if "_id" in row else row["fields"][KEY.name][0])


def read_candidates(
    reply: Mapping[str, Any], plan: Plan, columns: Sequence[str]
) -> tuple[Candidate, ...] | None:
    """Return the rows of a whole window, unordered; ``None`` if a row has no id.

    Args:
        reply: What the engine answered to the plan's ``window_body``.
        plan: The plan.
        columns: The columns whose doc values were asked for.
    """
    found = []
    for row in reply["hits"]["hits"]:
        fields = row.get("fields", {})
        key = row.get("_id") or next(iter(fields.get(KEY.name, ())), None)
        if key is None:  # indexed before the column existed
            return None
        score = float(row["_score"] or 0.0) - plan.shift
        found.append(Candidate(str(key), score, values_of(fields, columns)))
    return tuple(found)


def _source_of(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the displayed fields of a row's product, from its card or its document."""
    card = row.get("fields", {}).get(CARD.name)
    source: Mapping[str, Any] = CARD.read(card[0]) if card else row.get("_source", {})
    return source


def _raws(rows: Sequence[Mapping[str, Any]], terms: Sequence[Term]) -> list[list[float | None]]:
    """Return each term's raw values, one for a row; ``None`` where the product lacks it."""
    scripted = zip(*(row.get("fields", {}).get("raw", ()) for row in rows), strict=True)
    return [_column(term, rows, scripted) for term in terms]


def _column(
    term: Term, rows: Sequence[Mapping[str, Any]], scripted: Iterator[tuple[float, ...]]
) -> list[float | None]:
    match term.signal:
        case Lexical():
            return [row.get("matched_queries", {}).get(LEXICAL, 0.0) for row in rows]
        case VectorSignal() | Stored() | PseudoRelevanceFeedback():
            values: Iterable[float] = next(scripted)
        case BestPicture():
            found = (_inner(row, term.signal.name) for row in rows)
            values = (one["fields"]["raw"][0] if one else MISSING for one in found)
    return [None if value <= MISSING else float(value) for value in values]


def _inner(row: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    found = row.get("inner_hits", {}).get(name, {}).get("hits", {}).get("hits", ())
    return found[0] if found else None


def _matched(row: Mapping[str, Any], pictured: Sequence[Term]) -> MatchedPicture | None:
    """Return the picture nearest to the uploaded one, else the one nearest to the words."""
    for term in reversed(pictured):
        if inner := _inner(row, term.signal.name):
            source = inner["_source"]
            return MatchedPicture(source.get("path", ""), source.get("role", ""))
    return None


def contributions(
    terms: Sequence[Term], columns: Sequence[Sequence[float | None]]
) -> list[tuple[Contribution, ...]]:
    """Return the terms' shares of each row's score.

    Args:
        terms: The formula's summands, at least one.
        columns: For each term its raw values, one for a row; ``None`` where the product lacks it.
    """
    return list(zip(*map(_shares, terms, columns), strict=True))


def _shares(term: Term, raws: Sequence[float | None]) -> list[Contribution]:
    name, weight = term.signal.name, term.weight
    scaled = term.scale(np.array([r or 0.0 for r in raws]))  # all rows at once
    points = (weight * scaled).tolist()
    lacking = Contribution(name, 0.0, 0.0, weight, 0.0, missing=True)
    return [
        lacking if r is None else Contribution(name, r, c, weight, p)
        for r, c, p in zip(raws, scaled.tolist(), points, strict=True)
    ]
