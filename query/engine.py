"""The read path: request, intent, vectors, plan, one request to the engine, hits."""

import secrets
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from encoders.protocol import ImageEncoder, TextEncoder
from encoders.query_expander import VisualQueryExpander
from mappings.errors import CatalogueUnavailable, InputError
from mappings.identity import ModelIdentity
from mappings.index import CatalogueIndex, live_index
from mappings.schema import CARD
from query.encode.encoder import PictureDecoder, QueryEncoder
from query.encode.query_vectors import QueryVectors
from query.encode.subject_finder import SubjectFinder
from query.encode.texts import with_all_texts, with_change
from query.execute.context import SearchContext
from query.execute.execution import exact_window, needs_window, run_page, run_window
from query.execute.fused_window import fused_window
from query.execute.index_requirements import require_columns, require_pictures
from query.execute.post_processing import boosts_of, placements_of
from query.model.cursor import fingerprint
from query.model.cursor import read as read_cursor
from query.model.cursor import write as write_cursor
from query.model.fusions import Exact, find_fusion, written
from query.model.intent import Intent
from query.model.placement import pinned
from query.model.profiles import BUILT_IN, Profile, find_profile
from query.model.request import SearchRequest
from query.model.result import REACHABLE_OF, TOTAL_OF, SearchResult
from query.model.signals import (
    VECTOR_NAMES,
    ImageMode,
    PseudoRelevanceFeedback,
    column_of,
    signals_of,
)
from query.model.understood import Understood
from query.opensearch.client import IndexGone, LegFailed, send
from query.opensearch.stored_vectors import Example, with_examples
from query.plan.budget import Budget, deeper
from query.plan.compiler import compile_plan
from query.plan.feedback import ShareCache, retrieve_feedback
from query.plan.plan import Plan
from query.plan.weights import SIDES, requested_signals
from query.understand.reading import PLAIN, Reading

AT_ONCE = 16
"""Concurrent counting requests; further ones wait for a thread."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Time limits, in seconds.

    Args:
        total: For the whole search.
        fused: For the request with all legs; the rest of ``total`` is for a lexical retry.
        alias: How long the resolved alias is cached.
    """

    total: float = 5.0
    fused: float = 3.0
    alias: float = 5.0


class SearchEngine:
    """Answers search requests over the index behind an alias.

    Args:
        client: An ``opensearchpy.OpenSearch``.
        alias: The alias; it is resolved every few seconds, and the index that it names must hold
            vectors of ``identity``.
        identity: The loaded models' identity.
        text: The text encoder; without it searches are lexical and say so.
        image: The image encoder, ending in the text's space.
        decoder: Decodes uploads into pixels.
        subject_finder: Finds the subject of uploads; without it a box must be given.
        sight: Expands texts for visual similarity; without it the text vector is used.
        profiles: Profiles by name.
        budget: Limits on the work of the engine for one request.
        patience: Time limits.
        reading: Query understanding; by default words are taken as they are.
        cursor_key: Signs cursors; random if left out, so that other engines refuse the cursors.
    """

    def __init__(
        self,
        client: Any,  # noqa: ANN401 - opensearchpy.OpenSearch
        alias: str,
        identity: ModelIdentity,
        *,
        text: TextEncoder | None = None,
        image: ImageEncoder | None = None,
        decoder: PictureDecoder | None = None,
        subject_finder: SubjectFinder | None = None,
        sight: VisualQueryExpander | None = None,
        profiles: Mapping[str, Profile] = BUILT_IN,
        budget: Budget = Budget(),  # noqa: B008 - frozen
        patience: Patience = Patience(),
        reading: Reading = PLAIN,
        cursor_key: bytes = b"",
    ) -> None:
        self.client, self.alias, self.identity = client, alias, identity
        self.profiles, self.budget, self.patience = profiles, budget, patience
        self.encoder = QueryEncoder(
            text, image, decoder, identity.dim, subject_finder=subject_finder, sight=sight
        )
        self.reading = reading
        self.cursor_key = cursor_key or secrets.token_bytes(32)
        self._live: tuple[float, CatalogueIndex] | None = None
        self._missing_signals: dict[ImageMode, tuple[CatalogueIndex | None, frozenset[str]]] = {}
        self._shares = ShareCache()
        self._executor = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="counts")

    def search(self, request: SearchRequest) -> SearchResult:
        """Return the page of hits that a request asks for.

        Raises:
            InputError: The alias or the profile does not exist, or what was given cannot be used.
            IdentityMismatch: The live index holds vectors of other models.
            NodeUnreachable: The node does not answer.
            LegFailed: It could not even answer with words alone, or not in time.
        """
        profile = find_profile(request.profile, self.profiles)
        index = self.live()
        intent = self.reading.read(request, index)
        result = self._search(request, intent, profile, index)
        if result.hits:
            self.reading.record_success(request)
        if result.reachable:
            return result
        deadline = time.monotonic() + self.patience.total
        for relaxed in self.reading.relaxed_queries(intent, index):
            found = self._search(request, relaxed, profile, index)
            if found.reachable:
                return found
            if time.monotonic() > deadline:
                break
        return result

    def _search(
        self, given: SearchRequest, intent: Intent, profile: Profile, index: CatalogueIndex
    ) -> SearchResult:
        intent, examples = self._examples(intent, index)
        intent = with_change(intent, examples)
        require_pictures(intent, bool(examples), index)
        started = time.perf_counter()
        vectors, failed = self.encoder.encode(intent, examples)
        encode_ms = round((time.perf_counter() - started) * 1_000, 3)
        intent = with_all_texts(intent)
        absent = {name for side in failed for name in SIDES[side]}
        absent |= self._unmapped(index, intent.request.image_mode)
        try:
            answer = self._answer(given, intent, vectors, profile, index, frozenset(absent))
        except IndexGone:  # swapped away since the alias was resolved
            self._live = None
            live = self.live()
            answer = self._answer(given, intent, vectors, profile, live, frozenset(absent))
        return replace(answer, encode_ms=encode_ms)

    def _unmapped(self, index: CatalogueIndex, mode: ImageMode) -> frozenset[str]:
        """Return the signals whose column the live index does not have."""
        known, found = self._missing_signals.get(mode, (None, frozenset()))
        if known is not index:
            columns = index.mapping.get("properties", {})
            every = signals_of(index.schema, mode, {})
            lacking = (s.name for s in every if (c := column_of(s)) and c not in columns)
            found = frozenset(lacking)
            self._missing_signals[mode] = (index, found)
        return found

    def _examples(
        self, intent: Intent, index: CatalogueIndex
    ) -> tuple[Intent, tuple[Example, ...]]:
        seconds = self.patience.fused
        try:
            return with_examples(self.client, index.name, index.schema, intent, seconds)
        except IndexGone:  # swapped away since the alias was resolved
            self._live = None
            live = self.live()
            return with_examples(self.client, live.name, live.schema, intent, seconds)

    def forget(self) -> None:
        """Drop what is cached of the live index; the next search resolves the alias again."""
        self._live = None
        self.reading.forget()

    def warm(self) -> None:
        """Load the models that only some queries need; searches can run meanwhile."""
        self.encoder.warm()

    def close(self) -> None:
        """End the decoder's processes and the connections; the engine cannot be used again."""
        self.forget()
        self.encoder.close()
        self._executor.shutdown(cancel_futures=True)
        self.client.close()

    def live(self) -> CatalogueIndex:
        """Return the live index, refusing one whose vectors are not of this engine's models.

        Raises:
            CatalogueUnavailable: The alias does not exist, or cannot be used.
            IdentityMismatch: The index holds vectors of other models.
            NodeUnreachable: The node does not answer.
        """
        now = time.monotonic()
        if self._live is not None and now - self._live[0] < self.patience.alias:
            return self._live[1]
        try:
            index = live_index(self.client, self.alias)
        except InputError as error:
            raise CatalogueUnavailable(error.problem, error.cure) from None
        if index is None:
            raise CatalogueUnavailable(
                f"There is no alias {self.alias!r}.",
                "Create it by ingesting a catalogue: `shelfsight ingest PATH`.",
            )
        self.identity.require(index.identity, f"Index {index.name!r}")
        self._live = (now, index)
        return index

    def _answer(
        self,
        given: SearchRequest,
        intent: Intent,
        vectors: QueryVectors,
        profile: Profile,
        index: CatalogueIndex,
        absent: frozenset[str],
    ) -> SearchResult:
        """Search with all available signals; if the engine fails, retry with words alone."""
        started = time.monotonic()
        deadline = started + self.patience.total
        requested = requested_signals(intent, profile)
        is_exact = isinstance(find_fusion(intent.request.fusion), Exact)
        request_mark = fingerprint(given, index.name)
        position = (
            read_cursor(given.cursor, request_mark, self.cursor_key) if given.cursor else None
        )

        def run(vectors: QueryVectors, absent: frozenset[str], until: float) -> SearchResult:
            planner = self._planner(intent, vectors, profile, index, absent)
            if "agreement" in requested and is_exact:  # other fusions do not use it
                feedback, lost = self._feedback(planner(0), index, until)
                absent |= lost
                planner = self._planner(intent, vectors, profile, index, absent, feedback)
            context = SearchContext(
                self.client, index, intent, vectors, planner,
                boosts_of(intent, profile), placements_of(intent), position, request_mark, until,
                self._executor, self.budget.bypass_cache,
            )  # fmt: skip
            return self._run(context, profile, absent & requested, request_mark)

        try:
            return run(vectors, absent, min(deadline, started + self.patience.fused))
        except LegFailed:
            if not intent.text:
                raise
        return run(QueryVectors(), absent | frozenset(VECTOR_NAMES), deadline)

    def _planner(
        self,
        intent: Intent,
        vectors: QueryVectors,
        profile: Profile,
        index: CatalogueIndex,
        absent: frozenset[str],
        feedback: PseudoRelevanceFeedback | None = None,
    ) -> Callable[[int], Plan]:
        """Return the function that compiles a plan for a number of reachable hits."""

        def plan_for(reach: int) -> Plan:
            return compile_plan(
                intent, vectors, profile, index.schema, index.calibration,
                budget=deeper(self.budget, reach) if reach else self.budget,
                without=absent, pins=pinned(placements_of(intent)), feedback=feedback,
                has_card_column=CARD.name in index.mapping.get("properties", {}),
            )  # fmt: skip

        return plan_for

    def _feedback(
        self, plan: Plan, index: CatalogueIndex, deadline: float
    ) -> tuple[PseudoRelevanceFeedback | None, frozenset[str]]:
        """Return the feedback of a plan's best hits; a failure disables this signal only."""

        def ask(body: dict[str, Any]) -> dict[str, Any]:
            return send(self.client, index.name, body, max(0.05, deadline - time.monotonic()))

        try:
            return retrieve_feedback(
                ask, plan.window_body((), False), index.name, self._shares
            ), frozenset()
        except LegFailed:
            return None, frozenset({"agreement"})

    def _run(
        self,
        context: SearchContext,
        profile: Profile,
        degraded: frozenset[str],
        request_mark: bytes,
    ) -> SearchResult:
        require_columns(context.request, context.index)
        if not isinstance(find_fusion(context.request.fusion), Exact):
            page = run_window(context, fused_window)
        elif needs_window(context):
            page = run_window(context, exact_window)
        else:
            page = run_page(context)
        after = page.position
        return SearchResult(
            hits=page.hits,
            total=page.total,
            total_relation=page.total_relation,
            window=page.window,
            reachable=page.reachable,
            took_ms=page.took_ms,
            encode_ms=0.0,
            degraded=tuple(sorted(degraded | page.degraded)),
            profile=profile.name,
            weights=page.weights,
            weights_because=page.weight_reasons,
            index=context.index.name,
            identity=context.index.identity.digest,
            understood=_understood(context, page.weights),
            facets=page.facets,
            next=write_cursor(after, request_mark, self.cursor_key) if after else "",
            execution=page.execution,
            fusion=written(find_fusion(context.request.fusion)),
            total_of=page.total_of or TOTAL_OF,
            reachable_of=page.reachable_of or REACHABLE_OF,
        )


def _understood(context: SearchContext, weights: Mapping[str, float]) -> Understood:
    """Return what was understood, with the visual concepts that pictures were searched for."""
    understood, kinds = context.intent.understood, context.vectors.looks_like
    if not kinds or not weights.get("image"):
        return understood
    return replace(understood, looks_like=kinds)
