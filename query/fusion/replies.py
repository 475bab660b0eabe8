"""Reading the replies of legs: joined over shards, fused, and turned into a window."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from query.fusion.combine import Fused, fuse, unfound
from query.fusion.hybrid import as_engine
from query.fusion.legs import Leg, read_leg
from query.model.fusions import Hybrid, OverLegs
from query.model.result import Contribution
from query.model.window import Candidate, Relation, Values, Window
from query.opensearch.doc_values import values_of
from query.opensearch.msearch import Reply

REPAIRED = "hybrid"
"""In ``degraded``: the engine's fusion contradicted its legs and was not used."""


@dataclass(frozen=True, slots=True)
class FusedWindow:
    """A window, and how it was computed.

    Args:
        window: Every product that a leg found, with its score and contributions.
        aggregations: The engine's, over the match set.
        took_ms: What the engine took, milliseconds.
        weights: The legs' weights by signal name; they add up to 1.
        degraded: ``timeout`` or ``shards`` where the engine answered in part, ``hybrid`` where its
            own fusion was wrong and the legs' sum stands in its place.
    """

    window: Window
    aggregations: dict[str, Any]
    took_ms: int
    weights: Mapping[str, float]
    degraded: tuple[str, ...] = ()

    total_of = "products that a leg finds: a word at any rank, the nearest of a vector leg"
    reachable_of = "products among the first hits of a leg, for which scores are fused"

    @property
    def reachable(self) -> int:
        """Hits that can be paged to, before anything is cut or collapsed."""
        return len(self.window.candidates)


def join_shards(replies: Sequence[Reply]) -> Reply:
    """Return the replies of several shards to one body as one."""
    return {
        "hits": {"hits": [row for reply in replies for row in reply["hits"]["hits"]]},
        "took": max(reply["took"] for reply in replies),
        "timed_out": any(reply["timed_out"] for reply in replies),
        "_shards": {"failed": sum(reply["_shards"]["failed"] for reply in replies)},
    }


def read_replies(
    fusion: OverLegs, legs: Sequence[Leg], columns: Sequence[str], replies: Sequence[Reply]
) -> FusedWindow:
    """Return the window that the replies hold.

    Args:
        fusion: Which fusion.
        legs: The request's legs.
        columns: Columns whose doc values were asked for.
        replies: Of the match set, of each leg, of pinned products where there are any, and of the
            engine's own fusion where the fusion is its.
    """
    counted, answers = replies[0], [reply["hits"]["hits"] for reply in replies[1:]]
    hits = [read_leg(leg, rows) for leg, rows in zip(legs, answers, strict=False)]
    fused = fuse(fusion, hits)
    degraded = _degradations(replies)
    if isinstance(fusion, Hybrid):
        scores = {row["_id"]: float(row["_score"]) for row in answers.pop()}
        engine = as_engine(fused, scores)
        fused, degraded = (
            (engine, degraded) if engine is not None else (fused, degraded | {REPAIRED})
        )
    values = {
        row["_id"]: values_of(row.get("fields", {}), columns) for rows in answers for row in rows
    }
    every = (*fused, *unfound(hits, values.keys() - {f.id for f in fused}))
    return FusedWindow(
        _window(every, values, counted["hits"]["total"], fusion.depth),
        counted.get("aggregations", {}),
        max(reply["took"] for reply in replies),
        {leg.name: leg.term.weight for leg in legs},
        tuple(sorted(degraded)),
    )


def _window(
    fused: Sequence[Fused], values: dict[str, Values], total: dict[str, Any], depth: int
) -> Window:
    relation: Relation = "eq" if total["relation"] == "eq" else "gte"
    candidates = tuple(_candidate(f, values[f.id]) for f in fused)
    return Window(candidates, total["value"], relation, depth)


def _degradations(replies: Sequence[Reply]) -> set[str]:
    late = {"timeout"} if any(reply["timed_out"] for reply in replies) else set()
    return late | ({"shards"} if any(reply["_shards"]["failed"] for reply in replies) else set())


def _candidate(fused: Fused, values: Values) -> Candidate:
    shares = tuple(
        Contribution(s.leg, s.raw, s.value, s.weight, s.points, missing=s.missing)
        for s in fused.shares
    )
    return Candidate(fused.id, fused.score, values, shares)
