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
class Counts:
    """What was counted.

    Args:
        total: Products in the match set.
        relation: ``eq`` when ``total`` is exact.
        facets: The match set's facets.
        took_ms: What the engine took, milliseconds.
        late: ``timeout`` or ``shards`` where the engine counted in part.
    """

    total: int
    relation: Relation
    facets: tuple[FacetCount, ...] = ()
    took_ms: int = 0
    late: frozenset[str] = frozenset()


def count_beside(
    beside: Executor,
    client: Any,  # noqa: ANN401 - opensearchpy.OpenSearch
    index: str,
    count: Callable[[], dict[str, Any]],
    request: SearchRequest,
    seconds: float,
    *,
    anew: bool = False,
) -> Callable[[], Counts]:
    """Return what waits for the counts, which another thread asks for from first to last.

    The same words are counted by the same copies of the shards, as each copy keeps answers of its
    own.

    Args:
        beside: Whose thread sends it.
        client: An ``opensearchpy.OpenSearch``.
        index: The concrete index.
        count: A plan's; makes the request.
        request: Whose facets are counted.
        seconds: Until the counts are given up.
        anew: Whether an answer that the engine has kept is not to be used.
    """

    def ask() -> Counts:
        # All of it here: the thread that ranks still waits for the engine, which takes longer.
        words = hashlib.blake2b(request.text.encode(), digest_size=8).hexdigest()
        reply = send(client, index, count(), seconds, same=f"c{words}", anew=anew)
        return read_counts(reply, request)

    return beside.submit(ask).result


def read_counts(reply: Mapping[str, Any], request: SearchRequest) -> Counts:
    """Return what a reply counted; the facets where it has any."""
    total, found = reply["hits"]["total"], reply.get("aggregations")
    facets = read_facets(found, request.facets, request.filters) if found is not None else ()
    return Counts(total["value"], total["relation"], facets, reply["took"], late(reply))


def late(reply: Mapping[str, Any]) -> frozenset[str]:
    """Return what an answer in part lacks: ``timeout``, ``shards``, or nothing."""
    found = {"timeout"} if reply["timed_out"] else set()
    return frozenset(found | ({"shards"} if reply["_shards"]["failed"] else set()))
