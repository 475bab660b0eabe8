"""How right the fused request is: its top 24 against brute force over all products."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.fused_catalogue import Catalogue
from bench.fused_contenders import SIZE
from mappings.calibration import Calibration
from mappings.schema import Schema
from query.encode.query_vectors import QueryVectors
from query.execute.reply import read_hits
from query.model.intent import Intent
from query.model.profiles import DEFAULT
from query.model.signals import WORDS, Lexical
from query.plan.compiler import compile_plan
from query.plan.lexical import lexical_query
from query.plan.plan import Plan
from query.plan.reference import rank, score

INDEX = "bench-fused"
CHEAP = 100.0


@dataclass(frozen=True, slots=True)
class Question:
    """One query, ready to be sent in every way, and what it asks for."""

    kind: str
    intent: Intent
    vectors: QueryVectors


@dataclass(frozen=True, slots=True)
class Shelf:
    """The indexed catalogue."""

    catalogue: Catalogue
    schema: Schema
    calibration: Calibration
    coherence: NDArray[np.float64]


def plan_of(shelf: Shelf, q: Question) -> Plan:
    """Return our plan for a question."""
    return compile_plan(q.intent, q.vectors, DEFAULT, shelf.schema, shelf.calibration)


def ask(client: Any, body: dict[str, Any], ours: bool) -> Any:  # noqa: ANN401
    """Send one body as our engine does, or as it is."""
    params = {"include_named_queries_score": "true"} if ours else {}
    return client.search(index=INDEX, body=body, params=params)


def rightness(client: Any, shelf: Shelf, questions: Sequence[Question]) -> dict[str, Any]:  # noqa: ANN401
    """Return the overlap of our top 24 with brute force, by kind, and the largest score error."""
    catalogue = shelf.catalogue
    ids = [p.id for p in catalogue.products]
    place = {name: n for n, name in enumerate(ids)}
    prices = np.array([p.price for p in catalogue.products])
    overlaps: dict[str, list[float]] = {}
    error = 0.0
    for q in questions:
        plan = plan_of(shelf, q)
        scores = brute_force(client, shelf, q, plan, place)
        if q.intent.request.filters:
            scores = np.where(prices <= CHEAP, scores, -1.0)
        best = rank(ids, scores, SIZE)
        hits = read_hits(ask(client, plan.body, True), plan)[:SIZE]
        error = max([error, *(abs(h.score - scores[place[h.id]]) for h in hits)])
        shared = len({h.id for h in hits} & set(best.ids))
        overlaps.setdefault(q.kind, []).append(shared / SIZE)
    everything = [x for values in overlaps.values() for x in values]
    return {
        "overlap_at_24": float(np.mean(everything)),
        "overlap_by_kind": {kind: float(np.mean(v)) for kind, v in overlaps.items()},
        "worst_query": float(np.min(everything)),
        "largest_score_error": error,
    }


def brute_force(
    client: Any,  # noqa: ANN401
    shelf: Shelf,
    q: Question,
    plan: Plan,
    place: dict[str, int],
) -> NDArray[np.float64]:
    """Return the formula of every product, float64 (n,): BM25 from the engine, the rest NumPy."""
    made = shelf.catalogue
    assert q.vectors.text is not None
    asked = q.vectors.text.astype(np.float64)
    seen = asked if q.vectors.visual is None else q.vectors.visual.astype(np.float64)
    raw = {
        "lexical": every_bm25(client, q.intent, place),
        "text": made.text @ asked,
        "image": made.image @ seen,
        "attribute": made.attribute @ asked,
        "coherence": shelf.coherence,
    }
    return score(raw, plan.weights, {t.signal.name: t.scale for t in plan.terms})


def every_bm25(client: Any, intent: Intent, place: dict[str, int]) -> NDArray[np.float64]:  # noqa: ANN401
    """Return the BM25 of every product, float64 (n,), 0 where no word matches."""
    found = np.zeros(len(place))
    body: dict[str, Any] = {
        "size": 10_000,
        "_source": False,
        "query": lexical_query(Lexical(WORDS), intent.text, intent.script),
        "sort": ["_doc"],
        "track_scores": True,
    }
    only = {"filter_path": "hits.hits._id,hits.hits._score,hits.hits.sort"}
    while True:
        hits = client.search(index=INDEX, body=body, params=only).get("hits", {}).get("hits", [])
        for hit in hits:
            found[place[hit["_id"]]] = hit["_score"]
        if len(hits) < body["size"]:
            return found
        body["search_after"] = hits[-1]["sort"]
