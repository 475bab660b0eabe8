"""Retrieval for fusions of legs: the window and its facets."""

from dataclasses import replace

from query.execute.context import SearchContext
from query.execute.post_processing import columns_needed
from query.execute.results import RetrievedWindow
from query.fusion.legs import compile_legs
from query.fusion.window import WindowOptions, match_set_body, window_of
from query.model.facet_results import FacetCount
from query.model.facets import Facet, owns
from query.model.fusions import Exact, find_fusion
from query.model.placement import pinned
from query.opensearch.msearch import send_many
from query.plan.facet_counts import aggregations, read_facets
from query.plan.plan import Plan


def fused_window(context: SearchContext, reach: int) -> RetrievedWindow:
    """Return the window of a fusion of legs; its depth is the fusion's, whatever ``reach`` is."""
    request, plan = context.request, context.plan_for(reach)
    own = tuple(f for f in request.facets if any(owns(f, g) for g in request.filters))
    counted = () if request.facets_of == "window" else request.facets
    options = WindowOptions(
        columns=columns_needed(request, context.boosts),
        pinned=pinned(context.placements),
        aggregations=aggregations(counted, ()) or None,
        count_to=plan.count_to,
        patience=context.seconds_left,
    )
    fused = window_of(
        context.client, context.index.name, context.intent, context.vectors, plan.terms, options
    )
    facets = read_facets(fused.aggregations, counted, request.filters)
    if counted and own:
        unfiltered = _unfiltered_counts(context, plan, own)
        facets = tuple(unfiltered.get(f.name, f) for f in facets)
    return RetrievedWindow(
        plan, fused.window, facets, fused.took_ms, fused.weights, frozenset(fused.degraded),
        fused.total_of, fused.reachable_of,
    )  # fmt: skip


def _unfiltered_counts(
    context: SearchContext, plan: Plan, own: tuple[Facet, ...]
) -> dict[str, FacetCount]:
    """Return each facet counted over the match set of the request without the facet's filters."""
    request = context.request
    fusion = find_fusion(request.fusion)
    assert not isinstance(fusion, Exact)
    bodies = []
    for facet in own:
        free = tuple(f for f in request.filters if not owns(facet, f))
        intent = replace(context.intent, request=replace(request, filters=free))
        legs = compile_legs(intent, context.vectors, plan.terms, free, fusion.depth)
        bodies.append(match_set_body(legs, free, aggregations((facet,), ()), 0))
    replies = send_many(context.client, context.index.name, bodies, context.seconds_left)
    return {
        facet.name: read_facets(reply.get("aggregations", {}), (facet,), request.filters)[0]
        for facet, reply in zip(own, replies, strict=True)
    }
