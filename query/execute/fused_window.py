"""The window execution over a fusion of legs: its window, its facets, and what they are of."""

from dataclasses import replace

from query.execute.context import Asked
from query.execute.pagination import columns_needed
from query.execute.results import Found
from query.fusion.legs import compile_legs
from query.fusion.window import Wanted, match_set_body, window_of
from query.model.facet_results import FacetCount
from query.model.facets import Facet, owns
from query.model.fusions import Exact, find_fusion
from query.model.placement import pinned
from query.opensearch.msearch import send_many
from query.plan.facet_counts import aggregations, read_facets
from query.plan.plan import Plan


def fused_window(asked: Asked, reach: int) -> Found:
    """Return the window of a fusion of legs; its depth is the fusion's own, whatever is wanted."""
    request, plan = asked.request, asked.plan_for(reach)
    own = tuple(f for f in request.facets if any(owns(f, g) for g in request.filters))
    counted = () if request.facets_of == "window" else request.facets
    wanted = Wanted(
        columns=columns_needed(request, asked.boosts),
        pinned=pinned(asked.placements),
        aggregations=aggregations(counted, ()) or None,
        count_to=plan.count_to,
        patience=asked.left,
    )
    fused = window_of(
        asked.client, asked.index.name, asked.intent, asked.vectors, plan.terms, wanted
    )
    facets = read_facets(fused.aggregations, counted, request.filters)
    if counted and own:
        freed = _freed(asked, plan, own)
        facets = tuple(freed.get(f.name, f) for f in facets)
    return Found(
        plan, fused.window, facets, fused.took_ms, fused.weights, frozenset(fused.degraded),
        fused.total_of, fused.reachable_of,
    )  # fmt: skip


def _freed(asked: Asked, plan: Plan, own: tuple[Facet, ...]) -> dict[str, FacetCount]:
    """Return each facet counted over the match set of the request without the facet's filters."""
    request = asked.request
    fusion = find_fusion(request.fusion)
    assert not isinstance(fusion, Exact)
    bodies = []
    for facet in own:
        free = tuple(f for f in request.filters if not owns(facet, f))
        intent = replace(asked.intent, request=replace(request, filters=free))
        legs = compile_legs(intent, asked.vectors, plan.terms, free, fusion.depth)
        bodies.append(match_set_body(legs, free, aggregations((facet,), ()), 0))
    replies = send_many(asked.client, asked.index.name, bodies, asked.left)
    return {
        facet.name: read_facets(reply.get("aggregations", {}), (facet,), request.filters)[0]
        for facet, reply in zip(own, replies, strict=True)
    }
