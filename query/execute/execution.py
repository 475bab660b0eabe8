"""Executions: a plan run as one page that the engine orders, or as a window that the layer does."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mappings.fields import Vector
from mappings.schema import KEY
from query.execute.context import Asked
from query.execute.diversity import diversify, pool_of
from query.execute.match_counts import late, read_counts
from query.execute.pagination import Arranged, arrange, columns_needed, turn
from query.execute.reply import is_told, page_of, read_candidates, read_hits, read_words
from query.execute.results import Answered, Found
from query.explain.explanation import explain
from query.model.cursor import MAX_REACH, Position, digest
from query.model.diversity import Diversity
from query.model.fusions import Exact, find_fusion
from query.model.request import MAX_DEPTH, MAX_SIZE, SearchRequest
from query.model.result import REACHABLE_OF, Hit
from query.model.window import Candidate, Window, own_key
from query.opensearch.stored_vectors import read_vectors
from query.plan.facet_counts import count_window
from query.plan.plan import Plan, opened

ROUNDING = 1e-4
"""The engine's scores are float32; a larger difference is another product than before."""
STEPS = (400, MAX_REACH)
"""How far the window is widened while collapsed cards do not fill the largest page."""


def needs_window(asked: Asked) -> bool:
    """Tell whether the engine's own order and paging do not do."""
    request = asked.request
    return bool(
        request.sort
        or request.collapse
        or request.min_score is not None
        or request.diversity
        or asked.position
        or asked.boosts
        or asked.placements
        or (request.facets and request.facets_of == "window")
    )


def run_page(asked: Asked) -> Answered:
    """Return the page that the engine orders; where equal scores cross its border, see the window.

    The engine orders equal scores by when they were written, we by id.
    """
    request, plan = asked.request, asked.plan_for(asked.request.reach)
    counting = asked.counts(plan)
    reply, page = _rows(asked, plan)
    counts = counting() if counting else read_counts(reply, request)
    reachable = min(counts.total, plan.window, MAX_DEPTH)
    position = None
    if request.offset == 0 and 0 < len(page) < reachable:
        # Only here is everything known that was shown: the cards of this one page.
        seen = frozenset(digest(own_key(hit.id)) for hit in page)
        position = Position(seen, request.reach)
    words = read_words(reply)
    return Answered(
        hits=_told(page, request.offset + 1, request, words),
        total=counts.total,
        total_relation=counts.relation,
        window=plan.window,
        reachable=reachable,
        took_ms=max(reply["took"], counts.took_ms),
        weights=plan.weights,
        because=plan.because,
        degraded=late(reply) | counts.late,
        facets=counts.facets,
        position=position,
    )


def run_window(asked: Asked, find: Callable[[Asked, int], Found]) -> Answered:
    """Return the page of a window that the layer boosts, cuts, orders, collapses and pages.

    Args:
        asked: What is asked.
        find: Finds the window that makes so many hits reachable.
    """
    request, position = asked.request, asked.position or Position(reach=asked.request.reach)
    found, arranged = _filled(asked, find, max(request.reach, position.reach))
    took = found.took_ms
    if request.diversity:
        cards, spent = _diverse(asked, arranged.cards, request.diversity)
        arranged, took = replace(arranged, cards=cards), took + spent
    page, after = turn(arranged.cards, request, position)
    hits, spent = _fetch(asked, found.plan, page, len(position.seen) + request.offset + 1)
    facets = found.facets
    if request.facets_of == "window":
        facets = count_window(request.facets, arranged.products.candidates, request.filters)
    return Answered(
        hits=hits,
        total=found.window.total,
        total_relation=found.window.total_relation,
        window=found.window.depth,
        reachable=arranged.reachable,
        took_ms=took + spent,
        weights=found.weights,
        because=found.plan.because,
        degraded=found.degraded,
        facets=facets,
        position=after,
        execution="window",
        total_of=found.total_of,
        reachable_of=_reachable_of(request, found),
    )


def exact_window(asked: Asked, reach: int) -> Found:
    """Return the window of the exact formula: scores and doc values, no documents."""
    request, plan = asked.request, asked.plan_for(reach)
    columns = columns_needed(request, asked.boosts)
    keyed = KEY.name in asked.index.mapping.get("properties", {})
    counting = asked.counts(plan)
    reply = asked.send(plan.window_body(columns, keyed))
    candidates = read_candidates(reply, plan, columns)
    if candidates is None:
        reply = asked.send(plan.window_body(columns, keyed=False))
        candidates = read_candidates(reply, plan, columns)
    assert candidates is not None
    counts = counting() if counting else read_counts(reply, request)
    window = Window(candidates, counts.total, counts.relation, plan.window)
    took = max(reply["took"], counts.took_ms)
    return Found(plan, window, counts.facets, took, plan.weights, late(reply) | counts.late)


def _filled(
    asked: Asked, find: Callable[[Asked, int], Found], reach: int
) -> tuple[Found, Arranged]:
    """Return the window, wider where its cards do not fill a page and there are more matches."""
    took, request = 0, asked.request
    # A fusion of legs has a depth of its own.
    wider = STEPS if isinstance(find_fusion(request.fusion), Exact) else ()
    for step in (reach, *(s for s in wider if s > reach)):
        found = find(asked, step)
        took += found.took_ms
        arranged = arrange(found.window, request, asked.boosts, asked.placements)
        whole = found.window.total <= len(found.window.candidates)
        # Whatever this page's size: the order shall be the same for all of them.
        full = len(arranged.cards.candidates) >= MAX_SIZE
        if full or whole or not request.collapse:
            break
    return replace(found, took_ms=took), arranged


def _diverse(asked: Asked, cards: Window, diversity: Diversity) -> tuple[Window, int]:
    schema = asked.index.schema
    columns: dict[str, Vector] = {
        "text": schema.text_vector,
        "image": schema.image_vector,
        "attribute": schema.attribute_vector,
    }
    ids = [c.id for c in pool_of(cards, diversity)]
    vectors, took = read_vectors(asked.send, ids, columns[diversity.over].name)
    return diversify(cards, vectors, diversity), took


def _fetch(
    asked: Asked, plan: Plan, page: Sequence[Candidate], first: int
) -> tuple[tuple[Hit, ...], int]:
    """Return the page's hits in the page's order; a product deleted just now is left out."""
    if not page:
        return (), 0
    reply = _send_told(asked, plan.page_body([c.id for c in page]))
    hits = {hit.id: hit for hit in read_hits(reply, plan)}
    words = read_words(reply)
    shown = tuple(_shown(hits[c.id], c) for c in page if c.id in hits)
    return _told(shown, first, asked.request, words), reply["took"]


def _shown(hit: Hit, candidate: Candidate) -> Hit:
    """Return the hit as its candidate was arranged, its contributions adding up to its score."""
    own = hit.contributions if candidate.contributions is None else candidate.contributions
    added = math.fsum(c.points for c in (*own, *candidate.boosts))
    # Written since the window was read: what is shown adds up all the same.
    score = candidate.score if abs(added - candidate.score) <= ROUNDING else added
    return Hit(
        hit.id, score, (*own, *candidate.boosts), hit.source, hit.matched_picture,
        candidate.variants, candidate.placed,
    )  # fmt: skip


def _told(
    hits: tuple[Hit, ...], first: int, request: SearchRequest, words: Mapping[str, Any]
) -> tuple[Hit, ...]:
    """Return the hits, explained if that is asked; ``first`` is the first one's rank, from 1."""
    if not request.explain:
        return hits
    ranked = enumerate(hits, first)
    return tuple(replace(h, explanation=explain(h, n, words.get(h.id, ()))) for n, h in ranked)


def _rows(asked: Asked, plan: Plan) -> tuple[dict[str, Any], tuple[Hit, ...]]:
    request = asked.request
    for body, first in ((plan.body, plan.first), (plan.whole(), 0)):
        reply = _send_told(asked, body)
        rows = read_hits(reply, plan)
        at_end = len(rows) < body["size"] or body["from"] + body["size"] >= plan.window
        page = page_of(rows, first, request.offset, request.size, at_end)
        if page is not None:
            return reply, page
    raise AssertionError("a page of the whole window has no borders that cut a tie")


def _send_told(asked: Asked, body: dict[str, Any]) -> dict[str, Any]:
    """Return the reply whose rows all say what they are; documents from before cards are opened."""
    reply = asked.send(body)
    return reply if is_told(reply) else asked.send(opened(body))


def _reachable_of(request: SearchRequest, found: Found) -> str:
    """Return in words what the reachable hits are."""
    said = found.reachable_of or REACHABLE_OF
    if request.min_score is not None:
        said += f", of a score of at least {request.min_score:g}"
    return said + (f", one for each {request.collapse}" if request.collapse else "")
