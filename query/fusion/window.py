"""A fusion of legs as a window, which is post-processed and paged like any other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mappings.errors import InputError
from query.encode.query_vectors import QueryVectors
from query.fusion.hybrid import hybrid_body, require_legs
from query.fusion.legs import Leg, compile_legs, filtered
from query.fusion.replies import FusedWindow, join_shards, read_replies
from query.model.filters import Filter
from query.model.fusions import Exact, Hybrid, OverLegs, find_fusion
from query.model.intent import Intent
from query.model.window import Window
from query.opensearch.doc_values import docvalues
from query.opensearch.msearch import Reply, send_many
from query.plan.script import Term

MOST = 10_000
"""Hits that the engine returns at most for one request."""


@dataclass(frozen=True, slots=True)
class WindowOptions:
    """What a window holds in addition to the legs' hits, and its limits.

    Args:
        columns: Columns whose doc values each candidate brings.
        pinned: Products that are candidates even if no leg finds them; filters apply to them.
        aggregations: Computed by the engine over the match set.
        count_to: Matches are counted exactly up to here.
        seconds: Until the engine stops collecting.
        patience: Timeout of the request, seconds.
    """

    columns: tuple[str, ...] = ()
    pinned: tuple[str, ...] = ()
    aggregations: dict[str, Any] | None = None
    count_to: int = 1_000
    seconds: float = 1.0
    patience: float = 3.0


def window_of(
    client: Any,  # noqa: ANN401 - opensearchpy.OpenSearch
    index: str,
    intent: Intent,
    vectors: QueryVectors,
    terms: tuple[Term, ...],
    options: WindowOptions = WindowOptions(),
) -> FusedWindow:
    """Return the window of a request whose fusion is one over legs.

    Args:
        client: An ``opensearchpy.OpenSearch``.
        index: The concrete index.
        intent: The request understood; its fusion is not the exact one.
        vectors: The request's vectors, float32 (d,) or ``None``.
        terms: The request's signals and weights, as the exact formula has them; a stored number
            is no leg, and the weights of those that are legs are brought to sum 1 again.
        options: What the window holds in addition, and its limits.

    Raises:
        InputError: Another similarity than cosine, or more legs than a hybrid query takes.
        LegFailed: The engine refused a leg, or did not answer in time.
        IndexGone: There is no such index any more.
        NodeUnreachable: The node does not answer.
    """
    request = intent.request
    fusion = find_fusion(request.fusion)
    assert not isinstance(fusion, Exact)
    if other := sorted(name for name, kind in request.similarity.items() if kind != "cosine"):
        raise InputError(
            f"Fusion {fusion.name!r} compares by cosine, but {other[0]!r} asks for"
            f" {request.similarity[other[0]]!r}.",
            "Leave the similarity out, or choose the fusion 'exact'.",
        )
    legs = compile_legs(intent, vectors, terms, request.filters, fusion.depth)
    return fuse_window(client, index, fusion, legs, request.filters, options)


def fuse_window(
    client: Any,  # noqa: ANN401 - opensearchpy.OpenSearch
    index: str,
    fusion: OverLegs,
    legs: Sequence[Leg],
    filters: tuple[Filter, ...],
    options: WindowOptions = WindowOptions(),
) -> FusedWindow:
    """Return the window of a fusion, from one round trip.

    The trip holds one request that counts the match set (every product that any leg finds, words
    at any depth), one for each leg, and for ``hybrid`` the engine's own fusion of the same legs.

    Args:
        client: An ``opensearchpy.OpenSearch``.
        index: The concrete index.
        fusion: Which fusion.
        legs: The request's legs; without any the window is empty.
        filters: What every hit must satisfy.
        options: What the window holds in addition, and its limits.

    Raises:
        InputError: More legs than a hybrid query takes.
        LegFailed: The engine refused a leg, or did not answer in time.
        IndexGone: There is no such index any more.
        NodeUnreachable: The node does not answer.
    """
    if not legs:
        return FusedWindow(Window((), 0, "eq", fusion.depth), {}, 0, {})
    stop = {"timeout": f"{int(options.seconds * 1_000)}ms"}
    parts = [_leg_body(leg.clause, filters, fusion.depth, options.columns) for leg in legs]
    if options.pinned:
        ids = {"ids": {"values": list(options.pinned)}}
        parts.append(_leg_body(ids, filters, len(options.pinned), options.columns))
    own = _hybrid_bodies(fusion, legs, filters)
    bodies = [match_set_body(legs, filters, options.aggregations, options.count_to), *parts, *own]
    replies = send_many(client, index, [body | stop for body in bodies], options.patience)
    shards = replies[0]["_shards"]["total"]
    if own and shards > 1:  # hybrid takes its depth from every shard, a plain leg from all of them
        ends = [own[0] | {"size": MOST} | stop]
        replies = (replies[0], *_by_shard(client, index, parts, shards, ends, options))
    return read_replies(fusion, legs, options.columns, replies)


def _by_shard(
    client: Any,  # noqa: ANN401 - opensearchpy.OpenSearch
    index: str,
    parts: Sequence[dict[str, Any]],
    shards: int,
    others: Sequence[dict[str, Any]],
    options: WindowOptions,
) -> tuple[Reply, ...]:
    """Return each part's replies of all shards as one, then the other bodies' replies."""
    stop = {"timeout": f"{int(options.seconds * 1_000)}ms"}
    bodies = [body | stop for body in parts for _ in range(shards)]
    places = [n for _ in parts for n in range(shards)]
    replies = send_many(
        client, index, [*bodies, *others], options.patience, [*places, *(None for _ in others)]
    )
    whole = [join_shards(replies[n : n + shards]) for n in range(0, len(bodies), shards)]
    return (*whole, *replies[len(bodies) :])


def match_set_body(
    legs: Sequence[Leg],
    filters: tuple[Filter, ...],
    aggregations: dict[str, Any] | None,
    count_to: int,
) -> dict[str, Any]:
    """Return the request that counts the match set: every product that any leg finds.

    Args:
        legs: The request's legs.
        filters: What every hit must satisfy.
        aggregations: Computed over the match set.
        count_to: Matches are counted exactly up to here.
    """
    anyone = {"bool": {"should": [leg.clause for leg in legs], "minimum_should_match": 1}}
    body: dict[str, Any] = {
        "size": 0,
        "track_total_hits": count_to,
        "query": filtered(anyone, filters),
    }
    return body | ({"aggs": aggregations} if aggregations else {})


def _hybrid_bodies(
    fusion: OverLegs, legs: Sequence[Leg], filters: tuple[Filter, ...]
) -> list[dict[str, Any]]:
    """Return the engine's own fusion as a request, none for a fusion of the layer's.

    Raises:
        InputError: More legs than a hybrid query takes.
    """
    if not isinstance(fusion, Hybrid):
        return []
    require_legs(fusion, legs)
    return [hybrid_body(fusion, legs, filters, min(MOST, fusion.depth * len(legs)))]


def _leg_body(
    clause: dict[str, Any], filters: tuple[Filter, ...], depth: int, columns: Sequence[str]
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "size": depth,
        "_source": False,
        "track_total_hits": False,
        "query": filtered(clause, filters),
    }
    return body | ({"docvalue_fields": docvalues(columns)} if columns else {})
