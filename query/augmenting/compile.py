"""The augmented request on one page: which execution keeps what the shop's body asks for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mappings.attach import Attachment
from mappings.attach_fields import field_types
from mappings.errors import InputError
from mappings.fields import vector_json
from query.augmenting import notes
from query.augmenting.augmented import RECALLS, Augmented, Execution, Recall
from query.augmenting.clauses import Clause, FieldTypes, clause_of, copy_of
from query.augmenting.demands import (
    completes,
    require_countable,
    require_first_page,
    require_no_best,
    suggests_only,
)
from query.augmenting.foreign import require_body
from query.augmenting.legs import ABOVE, WIDEST, Reach, boosted, neighbour_legs
from query.augmenting.lexical import lexical_clause, own_query
from query.augmenting.relax import EVERYTHING, relax
from query.augmenting.scoring import LEXICAL, NAMES, SIGNALS, inline, parameters
from query.augmenting.sections import (
    counted_apart,
    highlighted,
    plain_hits,
    scored_aggregation,
    sort_keys,
    sorts_by_relevance,
    uses_score,
    without_ours,
)
from query.augmenting.template import template_id, template_params
from query.encode.query_vectors import QueryVectors
from query.model.profiles import DEFAULT, Profile, weigh

Sorted = Literal["all", "best"]


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a body is to be augmented.

    Args:
        recall: ``keep`` (the shop's own match set) or ``extend`` (neighbours are added).
        profile: Where the weights come from.
        weights: Weights by signal over the profile's.
        scale: The shop's score that counts as half of full; the attachment's when left out.
        sorted: What a sort by fields is applied to: ``all`` matches, or the ``best`` candidates
            by the formula, which takes a second request.
        scripts: Whether the body may hold scripts.
        reach: Candidates.

    Raises:
        InputError: A recall or a sorting of another name.
    """

    recall: Recall = "keep"
    profile: Profile = DEFAULT
    weights: Mapping[str, float] = field(default_factory=dict)
    scale: float | None = None
    sorted: Sorted = "all"
    scripts: bool = True
    reach: Reach = Reach()  # noqa: RUF009 - frozen

    def __post_init__(self) -> None:
        for what, given, allowed in (
            ("recall", self.recall, RECALLS),
            ("sorted", self.sorted, ("all", "best")),
        ):
            if given not in allowed:
                raise InputError(
                    f"{what} is {given!r}.", f"Choose one of {', '.join(map(str, allowed))}."
                )


def compile_body(
    body: Mapping[str, Any], attachment: Attachment, vectors: QueryVectors, wishes: Wishes
) -> Augmented:
    """Return the one request that answers a shop's body with vectors and the formula added.

    Nothing is sent, and the body is not changed.

    Args:
        body: The shop's request.
        attachment: Where the vectors are.
        vectors: The query's, float32 (d,) or ``None``; without any the body stays as it is.
        wishes: How.

    Raises:
        InputError: Something in the body cannot be kept; says what, why, and what would do.
    """
    return _Case.of(require_body(body, scripts=wishes.scripts), attachment, vectors, wishes)


@dataclass(frozen=True, slots=True)
class _Case:
    """A body, read; ``of`` chooses its execution."""

    body: dict[str, Any]
    attachment: Attachment
    wishes: Wishes
    query: Clause
    types: FieldTypes
    weights: Mapping[str, float]
    params: dict[str, Any]
    vectors: dict[str, list[float]]

    @classmethod
    def of(
        cls, body: dict[str, Any], attachment: Attachment, vectors: QueryVectors, wishes: Wishes
    ) -> Augmented:
        if clause_of(body.get("query", EVERYTHING), "The query")[0] == "hybrid":
            raise InputError(
                "The query is a hybrid, whose legs a pipeline normalises after all hits are known:"
                " it cannot be a part of another query.",
                "Give the body of its lexical leg alone; the vector legs are added here.",
            )
        types = FieldTypes(field_types(attachment.mapping))
        query = own_query(body)
        given = _json_vectors(vectors)
        had = _signals(given, types.scores(query))
        if not given:
            return _unchanged(body, attachment, wishes, {LEXICAL: 1.0}, notes.NO_VECTOR)
        weights = weigh(wishes.profile, wishes.weights, had)
        if body.get("size") == 0 or suggests_only(body):
            return _unchanged(body, attachment, wishes, weights, notes.NO_HITS)
        params = parameters(
            weights, attachment.calibration, given,
            calibrated=wishes.profile.calibrated, scale=wishes.scale,
        )  # fmt: skip
        case = cls(body, attachment, wishes, query, types, weights, params, given)
        return case._augmented(*case._execution())

    def _execution(self) -> tuple[Execution, list[str]]:
        """Choose how the body is executed.

        Raises:
            InputError: No execution keeps all that the body asks for.
        """
        body, keys = self.body, sort_keys(self.body)
        aggs = body.get("aggs", body.get("aggregations"))
        relevance = sorts_by_relevance(keys) and "search_after" not in body
        first = scored_aggregation(aggs, frozenset({"first"}))
        if relevance and "collapse" not in body and not completes(body):
            require_no_best(scored_aggregation(aggs, frozenset({"hits"})))
            return ("wide", [notes.WIDE.format(first)]) if first else ("rescore", [])
        if relevance or uses_score(keys):
            require_no_best(first or scored_aggregation(aggs, frozenset({"hits"})))
            return "script", [notes.SCRIPT]
        if self.wishes.sorted == "best":
            require_first_page(body)
            return "window", [notes.WINDOW]
        if self.wishes.recall == "extend":
            return "sorted", [notes.SORTED_EXTENDED]
        return "sorted", [notes.SORTED]

    def _augmented(self, execution: Execution, own_notes: list[str]) -> Augmented:
        if execution == "sorted" and self.wishes.recall == "keep":
            return _unchanged(self.body, self.attachment, self.wishes, self.weights, *own_notes,
                              execution="sorted")  # fmt: skip
        require_countable(self.body)
        body = plain_hits({k: v for k, v in self.body.items() if k not in ("min_score", "rescore")})
        own_notes += notes.of_body(self.body)
        if "pit" in self.body:
            own_notes.append(notes.PIT.format(self.attachment.target))
        body["query"] = self._query(execution)
        window = 0
        if execution in ("rescore", "wide", "window"):
            window = self._window(execution)
            body["rescore"] = self._rescore(window)
        if execution == "window":
            body = self._candidates(body, window)
        else:
            self._finish(body)
        return Augmented(
            _address(self.body, self.attachment), body, self.wishes.recall, execution, window,
            self.weights, tuple(own_notes), _own(self.body), self._template(execution, body),
        )  # fmt: skip

    def _template(self, execution: Execution, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return how the stored template is asked for the same, where it can be."""
        wishes = self.wishes
        if execution != "rescore" or wishes.recall != "keep" or not wishes.profile.calibrated:
            return None
        lexical = lexical_clause(self.body, copy_of(self.query))
        own: Clause = plain_hits(self.query)
        params = template_params(body, own, self._filter_clause(), lexical, self.params)
        return {"id": template_id(self.attachment), "params": params}

    def _query(self, execution: Execution) -> Clause:
        """Return the query that finds the matches, and orders the candidates before the rest."""
        legs = neighbour_legs(self.weights, self.vectors, self._filter_clause(), self.wishes.reach)
        own: Clause = plain_hits(self.query)
        if execution == "script":
            found = lexical_clause(self.body, own)
            if self.wishes.recall == "extend":
                found = _either(found, boosted(legs, 0.0))
            return {"script_score": {"query": found, "script": inline(self.params)}}
        optional = boosted(legs, ABOVE if execution in ("rescore", "window") else 0.0)
        if self.wishes.recall == "extend":
            return _either(own, optional)
        if execution == "wide":  # the score stays the shop's to the last digit
            return own
        return {"bool": {"must": [own], "should": optional}}

    def _filter_clause(self) -> Clause:
        """Return what every neighbour must satisfy: the shop's filters, or its whole query."""
        query, after = self.query, self.body.get("post_filter")
        kept = copy_of(query) if self.wishes.recall == "keep" else relax(query, self.types)
        both = [c for c in (kept, copy_of(after)) if c]
        return both[0] if len(both) == 1 else {"bool": {"filter": both}} if both else EVERYTHING

    def _window(self, execution: Execution) -> int:
        if execution == "wide":
            return WIDEST
        reach = self.wishes.reach
        legs = neighbour_legs(self.weights, self.vectors, EVERYTHING, reach)
        return min(WIDEST, len(legs) * reach.k + reach.lexical)

    def _rescore(self, window: int) -> dict[str, Any]:
        """Return the formula over the window; its lexical part is the shop's own score."""
        lexical = lexical_clause(self.body, copy_of(self.query))
        if self.wishes.recall == "extend":
            lexical = {"bool": {"should": [lexical, {"match_all": {"boost": 0.0}}]}}
        return {
            "window_size": window,
            "query": {
                "rescore_query": {
                    "script_score": {"query": lexical, "script": inline(self.params)}
                },
                "query_weight": 0.0,
                "rescore_query_weight": 1.0,
            },
        }

    def _finish(self, body: dict[str, Any]) -> None:
        """Keep our columns out of the answer, the shop's words marked, its match set counted."""
        body |= _source(body)
        if "highlight" in body:
            body["highlight"] = highlighted(body["highlight"], self.query)
        if self.wishes.recall == "extend":
            name = "aggregations" if "aggregations" in body else "aggs"
            body[name] = counted_apart(body.get(name, {}), self.query, body.get("post_filter"))

    def _candidates(self, body: Mapping[str, Any], window: int) -> dict[str, Any]:
        """Return the request that finds the best candidates' ids and nothing else."""
        wanted = ("query", "rescore", "post_filter", "timeout", "terminate_after", "pit", "slice")
        found = {k: v for k, v in body.items() if k in wanted}
        return found | {"size": window, "_source": False, "track_total_hits": False}


def _source(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ``_source`` section, or nothing where the engine's default shows none."""
    own = body.get("_source")
    if own is None and ("stored_fields" in body or "script_fields" in body):
        return {}
    return {"_source": without_ours(own)}


def _signals(vectors: Mapping[str, Any], words: bool) -> tuple[str, ...]:
    """Return the signals that a request has."""
    sides = {name: vector for name, vector, _ in SIGNALS}
    return tuple(
        name
        for name in NAMES
        if name == "coherence" or (words if name == LEXICAL else sides[name] in vectors)
    )


def _either(own: Clause, optional: list[Clause]) -> Clause:
    return {"bool": {"should": [own, *optional], "minimum_should_match": 1}}


def _json_vectors(vectors: QueryVectors) -> dict[str, list[float]]:
    """Return the vectors by parameter; words that look like what they mean are sent twice."""
    visual = vectors.text if vectors.visual is None else vectors.visual
    found = {"q_text": vectors.text, "q_seen": visual, "q_picture": vectors.picture}
    return {name: vector_json(vector) for name, vector in found.items() if vector is not None}


def _unchanged(
    body: dict[str, Any],
    attachment: Attachment,
    wishes: Wishes,
    weights: Mapping[str, float],
    *own_notes: str,
    execution: Execution = "unchanged",
) -> Augmented:
    return Augmented(
        _address(body, attachment), _own(body), wishes.recall, execution, 0, weights,
        (*own_notes, *notes.of_body(body)), _own(body),
    )  # fmt: skip


def _own(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the shop's body with our columns left out of its answer."""
    found: dict[str, Any] = plain_hits(dict(body))
    return found | _source(body)


def _address(body: Mapping[str, Any], attachment: Attachment) -> str | None:
    return None if "pit" in body else attachment.target
