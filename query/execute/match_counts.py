"""Counts: the match set counted by a request of its own, sent beside the one that ranks."""

import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from query.model.facet_results import FacetCount
from query.model.request import SearchRequest
from query.model.window import Relation
from query.opensearch.client import send
from query.plan.facet_counts import read_facets


@dataclass(frozen=True, slots=True)
class MatchCounts:
    """What was counted.

    Args:
        total: Products in the match set.
        relation: ``eq`` when ``total`` is exact.
        facets: The match set's facets.
        took_ms: What the engine took, milliseconds.
        degradations: ``timeout`` or ``shards`` where the engine counted in part.
    """

    total: int
    relation: Relation
    facets: tuple[FacetCount, ...] = ()
    took_ms: int = 0
    degradations: frozenset[str] = frozenset()


def count_concurrently(
    executor: Executor,
    client: Any,  # noqa: ANN401 - opensearchpy.OpenSearch
    index: str,
    count: Callable[[], dict[str, Any]],
    request: SearchRequest,
    seconds: float,
    *,
    bypass_cache: bool = False,
) -> Callable[[], MatchCounts]:
    """Return what waits for the counts, which another thread asks for from first to last.

    The same words are counted by the same copies of the shards, as each copy keeps answers of its
    own.

    Args:
        executor: Whose thread sends it.
        client: An ``opensearchpy.OpenSearch``.
        index: The concrete index.
        count: A plan's; makes the request.
        request: Whose facets are counted.
        seconds: Until the counts are given up.
        bypass_cache: Whether an answer that the engine has kept is not to be used.
    """

    def count_matches() -> MatchCounts:
        # All of it here: the thread that ranks still waits for the engine, which takes longer.
        words = hashlib.blake2b(request.text.encode(), digest_size=8).hexdigest()
        reply = send(
            client, index, count(), seconds, preference=f"c{words}", bypass_cache=bypass_cache
        )
        return read_match_counts(reply, request)

    return executor.submit(count_matches).result


def read_match_counts(reply: Mapping[str, Any], request: SearchRequest) -> MatchCounts:
    """Return what a reply counted; the facets where it has any."""
    total, found = reply["hits"]["total"], reply.get("aggregations")
    facets = read_facets(found, request.facets, request.filters) if found is not None else ()
    return MatchCounts(
        total["value"], total["relation"], facets, reply["took"], degradations(reply)
    )


def degradations(reply: Mapping[str, Any]) -> frozenset[str]:
    """Return what an answer in part lacks: ``timeout``, ``shards``, or nothing."""
    found = {"timeout"} if reply["timed_out"] else set()
    return frozenset(found | ({"shards"} if reply["_shards"]["failed"] else set()))
