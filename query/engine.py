"""The whole read path on one page: request, intent, vectors, plan, one engine request, hits."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from encoders.protocol import ImageEncoder, TextEncoder
from mappings.errors import InputError
from mappings.identity import ModelIdentity
from mappings.index import CatalogueIndex, live_index
from query.candidates import Budget
from query.intent import Intent
from query.plan import Plan, compile_plan
from query.profiles import BUILT_IN, Profile, find_profile
from query.queries.stored import Example, with_examples
from query.reply import page_of, read_hits
from query.request import SearchRequest
from query.result import Hit, SearchResult
from query.signals import VECTOR_NAMES, column_of, signals_of
from query.store import IndexGone, LegFailed, send
from query.understand.reading import PLAIN, Reading
from query.vectors import PictureDecoder, QueryEncoder, QueryVectors, every_word

SIDES = {"text": ("text", "image", "attribute"), "picture": ("picture_image", "picture_attribute")}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long things may take, in seconds.

    Args:
        total: The whole search; then it is given up.
        fused: The request with all legs; what is left of ``total`` is for words alone.
        alias: How long the answer to "which index is live?" is believed.
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
        decoder: How uploads become pixels.
        profiles: Profiles by name.
        budget: What the engine may do for one request.
        patience: How long a search may take.
        reading: How words are understood; plainly, unless the program gives more.
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
        profiles: Mapping[str, Profile] = BUILT_IN,
        budget: Budget = Budget(),  # noqa: B008 - frozen
        patience: Patience = Patience(),
        reading: Reading = PLAIN,
    ) -> None:
        self.client, self.alias, self.identity = client, alias, identity
        self.profiles, self.budget, self.patience = profiles, budget, patience
        self.encoder = QueryEncoder(text, image, decoder, identity.dim)
        self.reading = reading
        self._live: tuple[float, CatalogueIndex] | None = None

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
        result = self._search(intent, profile, index)
        if result.hits or request.size == 0 or request.offset:
            return result
        ends = time.monotonic() + self.patience.total
        for easier in self.reading.easier(intent, index):
            found = self._search(easier, profile, index)
            if found.hits:
                return found
            if time.monotonic() > ends:
                break
        return result

    def _search(self, intent: Intent, profile: Profile, index: CatalogueIndex) -> SearchResult:
        intent, examples = self._examples(intent, index)
        started = time.perf_counter()
        vectors, failed = self.encoder.encode(intent, examples)
        encode_ms = round((time.perf_counter() - started) * 1_000, 3)
        intent = every_word(intent)
        absent = {name for side in failed for name in SIDES[side]}
        absent |= _unmapped(index, intent.request)
        try:
            answer = self._answer(intent, vectors, profile, index, frozenset(absent))
        except IndexGone:  # swapped away since the alias was asked
            self._live = None
            answer = self._answer(intent, vectors, profile, self.live(), frozenset(absent))
        return replace(answer, encode_ms=encode_ms)

    def _examples(
        self, intent: Intent, index: CatalogueIndex
    ) -> tuple[Intent, tuple[Example, ...]]:
        seconds = self.patience.fused
        try:
            return with_examples(self.client, index.name, index.schema, intent, seconds)
        except IndexGone:  # swapped away since the alias was asked
            self._live = None
            live = self.live()
            return with_examples(self.client, live.name, live.schema, intent, seconds)

    def live(self) -> CatalogueIndex:
        """Return the live index, refusing one whose vectors are not of this engine's models.

        Raises:
            InputError: The alias does not exist.
            IdentityMismatch: The index holds vectors of other models.
            NodeUnreachable: The node does not answer.
        """
        now = time.monotonic()
        if self._live is not None and now - self._live[0] < self.patience.alias:
            return self._live[1]
        index = live_index(self.client, self.alias)
        if index is None:
            raise InputError(
                f"There is no alias {self.alias!r}.",
                "Create it by ingesting a catalogue: `shelfsight ingest PATH`.",
            )
        self.identity.require(index.identity, f"Index {index.name!r}")
        self._live = (now, index)
        return index

    def _answer(
        self,
        intent: Intent,
        vectors: QueryVectors,
        profile: Profile,
        index: CatalogueIndex,
        absent: frozenset[str],
    ) -> SearchResult:
        """Search with all that can be had; when the engine cannot, with words alone."""
        started = time.monotonic()
        ends = started + self.patience.total
        wanted = _wanted(intent, profile)
        try:
            plan = self._plan(intent, vectors, profile, index, absent)
            until = min(ends, started + self.patience.fused)
            return self._run(intent, plan, index, profile, absent & wanted, until)
        except LegFailed:
            if not intent.text:
                raise
        absent |= frozenset(VECTOR_NAMES)
        plan = self._plan(intent, QueryVectors(), profile, index, absent)
        return self._run(intent, plan, index, profile, absent & wanted, ends)

    def _plan(
        self,
        intent: Intent,
        vectors: QueryVectors,
        profile: Profile,
        index: CatalogueIndex,
        absent: frozenset[str],
    ) -> Plan:
        return compile_plan(
            intent, vectors, profile, index.schema, index.calibration,
            budget=self.budget, without=absent,
        )  # fmt: skip

    def _run(
        self,
        intent: Intent,
        plan: Plan,
        index: CatalogueIndex,
        profile: Profile,
        degraded: frozenset[str],
        ends: float,
    ) -> SearchResult:
        request = intent.request
        reply, page = self._rows(plan, index, request, ends)
        total = reply["hits"]["total"]
        late = {"timeout"} if reply["timed_out"] else set()
        late |= {"shards"} if reply["_shards"]["failed"] else set()
        return SearchResult(
            hits=page,
            total=total["value"],
            total_relation=total["relation"],
            window=plan.window,
            reachable=min(total["value"], plan.window),
            took_ms=reply["took"],
            encode_ms=0.0,
            degraded=tuple(sorted(degraded | late)),
            profile=profile.name,
            weights=plan.weights,
            index=index.name,
            identity=index.identity.digest,
            understood=intent.understood,
        )

    def _rows(
        self, plan: Plan, index: CatalogueIndex, request: SearchRequest, ends: float
    ) -> tuple[dict[str, Any], tuple[Hit, ...]]:
        """Return the reply and the page; where equal scores cross its border, see the whole window.

        The engine orders equal scores by when they were written, we by id.
        """
        for body, first in ((plan.body, plan.first), (plan.whole(), 0)):
            reply = send(self.client, index.name, body, max(0.05, ends - time.monotonic()))
            rows = read_hits(reply, plan)
            at_end = len(rows) < body["size"] or body["from"] + body["size"] >= plan.window
            page = page_of(rows, first, request.offset, request.size, at_end)
            if page is not None:
                return reply, page
        raise AssertionError("a page of the whole window has no borders that cut a tie")


def _wanted(intent: Intent, profile: Profile) -> frozenset[str]:
    """Return the signals that the request would have, were nothing to fail."""
    asked = {**profile.weights, **(intent.request.weights or {})}
    mixture = intent.request.mixture
    text = intent.text or mixture.like or mixture.but or mixture.without
    picture = intent.request.pictures or mixture.like
    sides = (SIDES["text"] if text else ()) + (SIDES["picture"] if picture else ())
    return frozenset(name for name in sides if asked.get(name, 0.0) > 0)


def _unmapped(index: CatalogueIndex, request: SearchRequest) -> set[str]:
    """Return the signals whose column the live index does not have."""
    columns = index.mapping.get("properties", {})
    every = signals_of(index.schema, request.image_mode, request.similarity)
    return {s.name for s in every if (column := column_of(s)) and column not in columns}
