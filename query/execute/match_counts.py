"""Match counts: the match set counted by a request that is sent concurrently."""

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
    """Total and facets of the match set.

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
    """Start counting in another thread; the returned call waits for the counts.

    Requests with the same words go to the same shard copies, as each copy has its own request
    cache.

    Args:
        executor: Runs the request.
        client: An ``opensearchpy.OpenSearch``.
        index: The concrete index.
        count: Compiles the request; see ``Plan.count``.
        request: The request with the facets.
        seconds: Until the counts are given up.
        bypass_cache: Whether the engine's request cache is bypassed.
    """

    def count_matches() -> MatchCounts:
        # Read in this thread: the ranking request takes longer, so this costs no time.
        words = hashlib.blake2b(request.text.encode(), digest_size=8).hexdigest()
        reply = send(
            client, index, count(), seconds, preference=f"c{words}", bypass_cache=bypass_cache
        )
        return read_match_counts(reply, request)

    return executor.submit(count_matches).result


def read_match_counts(reply: Mapping[str, Any], request: SearchRequest) -> MatchCounts:
    """Return the counts in a reply; facets are empty where it has no aggregations."""
    total, found = reply["hits"]["total"], reply.get("aggregations")
    facets = read_facets(found, request.facets, request.filters) if found is not None else ()
    return MatchCounts(
        total["value"], total["relation"], facets, reply["took"], degradations(reply)
    )


def degradations(reply: Mapping[str, Any]) -> frozenset[str]:
    """Return why a reply is partial: ``timeout``, ``shards``, or empty if it is complete."""
    found = {"timeout"} if reply["timed_out"] else set()
    return frozenset(found | ({"shards"} if reply["_shards"]["failed"] else set()))
