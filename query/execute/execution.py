"""Execution of a plan: as a page ordered by the engine, or as a window ordered here."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mappings.fields import Vector
from mappings.schema import KEY
from query.execute.context import SearchContext
from query.execute.diversity import diversify, pool_of
from query.execute.match_counts import degradations, read_match_counts
from query.execute.pagination import paginate
from query.execute.post_processing import ProcessedWindow, columns_needed, post_process
from query.execute.reply import is_complete, page_of, read_candidates, read_hits, read_words
from query.execute.results import PageResult, RetrievedWindow
from query.explain.explanation import explain
from query.model.cursor import MAX_REACH, Position, digest
from query.model.diversity import Diversity
from query.model.fusions import Exact, find_fusion
from query.model.request import MAX_DEPTH, MAX_SIZE, SearchRequest
from query.model.result import REACHABLE_OF, Hit
from query.model.window import Candidate, Window, own_key
from query.opensearch.stored_vectors import read_vectors
from query.plan.facet_counts import count_window
from query.plan.plan import Plan, read_from_documents

ROUNDING = 1e-4
"""Rounding of the engine's float32 scores; a larger difference means that the product changed."""
STEPS = (400, MAX_REACH)
"""How far the window is widened while collapsed cards do not fill the largest page."""


def needs_window(context: SearchContext) -> bool:
    """Return True if the engine cannot order and page the hits by itself."""
    request = context.request
    return bool(
        request.sort
        or request.collapse
        or request.min_score is not None
        or request.diversity
        or context.position
        or context.boosts
        or context.placements
        or (request.facets and request.facets_of == "window")
    )


def run_page(context: SearchContext) -> PageResult:
    """Return the page in the engine's order.

    The engine orders equal scores by time of writing, this layer by id: where equal scores cross
    the page's border, the whole window is read.
    """
    request, plan = context.request, context.plan_for(context.request.reach)
    counting = context.start_counting(plan)
    reply, page = _page_rows(context, plan)
    counts = counting() if counting else read_match_counts(reply, request)
    reachable = min(counts.total, plan.window, MAX_DEPTH)
    position = None
    if request.offset == 0 and 0 < len(page) < reachable:
        # On the first page, all cards shown so far are known: those of this page.
        shown_cards = frozenset(digest(own_key(hit.id)) for hit in page)
        position = Position(shown_cards, request.reach)
    words = read_words(reply)
    return PageResult(
        hits=_with_explanations(page, request.offset + 1, request, words),
        total=counts.total,
        total_relation=counts.relation,
        window=plan.window,
        reachable=reachable,
        took_ms=max(reply["took"], counts.took_ms),
        weights=plan.weights,
        weight_reasons=plan.weight_reasons,
        degraded=degradations(reply) | counts.degradations,
        facets=counts.facets,
        position=position,
    )


def run_window(
    context: SearchContext, retrieve: Callable[[SearchContext, int], RetrievedWindow]
) -> PageResult:
    """Return the page of a window that is boosted, cut, ordered, collapsed and paged here.

    Args:
        context: The search.
        retrieve: Retrieves a window in which the given number of hits is reachable.
    """
    request, position = context.request, context.position or Position(reach=context.request.reach)
    retrieved, processed = _retrieve(context, retrieve, max(request.reach, position.reach))
    took_ms = retrieved.took_ms
    if request.diversity:
        cards, spent_ms = _diverse(context, processed.cards, request.diversity)
        processed, took_ms = replace(processed, cards=cards), took_ms + spent_ms
    page, after = paginate(processed.cards, request, position)
    hits, spent_ms = _fetch(
        context, retrieved.plan, page, len(position.shown_cards) + request.offset + 1
    )
    facets = retrieved.facets
    if request.facets_of == "window":
        facets = count_window(request.facets, processed.products.candidates, request.filters)
    return PageResult(
        hits=hits,
        total=retrieved.window.total,
        total_relation=retrieved.window.total_relation,
        window=retrieved.window.depth,
        reachable=processed.reachable,
        took_ms=took_ms + spent_ms,
        weights=retrieved.weights,
        weight_reasons=retrieved.plan.weight_reasons,
        degraded=retrieved.degraded,
        facets=facets,
        position=after,
        execution="window",
        total_of=retrieved.total_of,
        reachable_of=_reachable_of(request, retrieved),
    )


def exact_window(context: SearchContext, reach: int) -> RetrievedWindow:
    """Return the window of the exact formula: scores and doc values, no documents."""
    request, plan = context.request, context.plan_for(reach)
    columns = columns_needed(request, context.boosts)
    ids_as_doc_values = KEY.name in context.index.mapping.get("properties", {})
    counting = context.start_counting(plan)
    reply = context.send(plan.window_body(columns, ids_as_doc_values))
    candidates = read_candidates(reply, plan, columns)
    if candidates is None:
        reply = context.send(plan.window_body(columns, ids_as_doc_values=False))
        candidates = read_candidates(reply, plan, columns)
    assert candidates is not None
    counts = counting() if counting else read_match_counts(reply, request)
    window = Window(candidates, counts.total, counts.relation, plan.window)
    took_ms = max(reply["took"], counts.took_ms)
    return RetrievedWindow(
        plan,
        window,
        counts.facets,
        took_ms,
        plan.weights,
        degradations(reply) | counts.degradations,
    )


def _retrieve(
    context: SearchContext, retrieve: Callable[[SearchContext, int], RetrievedWindow], reach: int
) -> tuple[RetrievedWindow, ProcessedWindow]:
    """Return the window, widened while its cards do not fill a page and more products match."""
    took_ms, request = 0, context.request
    # A fusion of legs has a depth of its own.
    wider_steps = STEPS if isinstance(find_fusion(request.fusion), Exact) else ()
    for step in (reach, *(s for s in wider_steps if s > reach)):
        retrieved = retrieve(context, step)
        took_ms += retrieved.took_ms
        processed = post_process(retrieved.window, request, context.boosts, context.placements)
        is_whole = retrieved.window.total <= len(retrieved.window.candidates)
        # Compare with the largest page size: the order must not depend on the size of this page.
        is_full = len(processed.cards.candidates) >= MAX_SIZE
        if is_full or is_whole or not request.collapse:
            break
    return replace(retrieved, took_ms=took_ms), processed


def _diverse(context: SearchContext, cards: Window, diversity: Diversity) -> tuple[Window, int]:
    schema = context.index.schema
    columns: dict[str, Vector] = {
        "text": schema.text_vector,
        "image": schema.image_vector,
        "attribute": schema.attribute_vector,
    }
    ids = [c.id for c in pool_of(cards, diversity)]
    vectors, took_ms = read_vectors(context.send, ids, columns[diversity.over].name)
    return diversify(cards, vectors, diversity), took_ms


def _fetch(
    context: SearchContext, plan: Plan, page: Sequence[Candidate], first: int
) -> tuple[tuple[Hit, ...], int]:
    """Return the hits of a page in its order; products deleted in the meantime are left out."""
    if not page:
        return (), 0
    reply = _send_complete(context, plan.page_body([c.id for c in page]))
    hits = {hit.id: hit for hit in read_hits(reply, plan)}
    words = read_words(reply)
    ranked = tuple(_hit_of(hits[c.id], c) for c in page if c.id in hits)
    return _with_explanations(ranked, first, context.request, words), reply["took"]


def _hit_of(hit: Hit, candidate: Candidate) -> Hit:
    """Return the hit with its candidate's score, boosts, variants and placement."""
    signals = hit.contributions if candidate.contributions is None else candidate.contributions
    total = math.fsum(c.points for c in (*signals, *candidate.boosts))
    # The product changed since the window was read: show the sum of its contributions.
    score = candidate.score if abs(total - candidate.score) <= ROUNDING else total
    return Hit(
        hit.id, score, (*signals, *candidate.boosts), hit.source, hit.matched_picture,
        candidate.variants, candidate.placed,
    )  # fmt: skip


def _with_explanations(
    hits: tuple[Hit, ...], first: int, request: SearchRequest, words: Mapping[str, Any]
) -> tuple[Hit, ...]:
    """Return the hits, explained if that is asked; ``first`` is the first one's rank, from 1."""
    if not request.explain:
        return hits
    ranked = enumerate(hits, first)
    return tuple(replace(h, explanation=explain(h, n, words.get(h.id, ()))) for n, h in ranked)


def _page_rows(context: SearchContext, plan: Plan) -> tuple[dict[str, Any], tuple[Hit, ...]]:
    request = context.request
    for body, first in ((plan.body, plan.first), (plan.whole_window(), 0)):
        reply = _send_complete(context, body)
        rows = read_hits(reply, plan)
        at_end = len(rows) < body["size"] or body["from"] + body["size"] >= plan.window
        page = page_of(rows, first, request.offset, request.size, at_end)
        if page is not None:
            return reply, page
    raise AssertionError("a page of the whole window has no borders that cut a tie")


def _send_complete(context: SearchContext, body: dict[str, Any]) -> dict[str, Any]:
    """Return a reply with complete rows; products without a card are read from their documents."""
    reply = context.send(body)
    return reply if is_complete(reply) else context.send(read_from_documents(body))


def _reachable_of(request: SearchRequest, retrieved: RetrievedWindow) -> str:
    """Return a description of the reachable hits."""
    said = retrieved.reachable_of or REACHABLE_OF
    if request.min_score is not None:
        said += f", of a score of at least {request.min_score:g}"
    return said + (f", one for each {request.collapse}" if request.collapse else "")
