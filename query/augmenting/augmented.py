"""What augmenting makes of a body: the request to send, and what is kept of the shop's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from mappings.errors import InputError
from query.augmenting.lexical import own_query
from query.augmenting.sections import counted_apart, own_aggregations

Recall = Literal["keep", "extend"]
RECALLS: tuple[Recall, ...] = get_args(Recall)
Execution = Literal["rescore", "wide", "script", "sorted", "window", "unchanged"]


@dataclass(frozen=True, slots=True)
class Augmented:
    """One request for the engine, and what its answer means.

    Args:
        index: Where it is to be sent; ``None`` for a body with a ``pit``, which names its own.
        body: The request.
        recall: ``keep``: it matches exactly what the shop's own query matches. ``extend``: the
            nearest products by vectors are added, as far as the shop's filters let them.
        execution: ``rescore``: the formula orders the best candidates, the rest follows in the
            shop's order. ``wide``: as that, over the best 10,000 by the shop's own score.
            ``script``: the formula is the score of every match. ``sorted``: the shop's sort
            decides. ``window``: this request finds the best candidates; ``second`` then makes
            the one that sorts them. ``unchanged``: there is nothing to rank.
        window: Candidates that the formula orders, on each shard; 0 where it orders all or none.
        weights: Weight by signal; they add up to 1.
        notes: What a reader of the answer should know, in sentences.
        original: The shop's body.
        template: The stored search template's name and the parameters that ask it for the same;
            ``None`` where it cannot.
        degraded: ``text`` or ``picture`` where its encoder failed.
    """

    index: str | None
    body: dict[str, Any]
    recall: Recall
    execution: Execution
    window: int
    weights: Mapping[str, float]
    notes: tuple[str, ...]
    original: dict[str, Any] = field(repr=False)
    template: dict[str, Any] | None = field(default=None, repr=False)
    degraded: tuple[str, ...] = ()

    def read(self, reply: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer in the shape that the shop's own body would have brought.

        Aggregations are in their own places and count the shop's own match set. Under
        ``shelfsight`` stands what was added: ``matched``, the shop's own total, beside the
        answer's, which with ``extend`` counts the added products too.

        Args:
            reply: The engine's answer to ``body``.
        """
        aggs, matched = own_aggregations(reply)
        shown = {k: v for k, v in reply.items() if k != "aggregations"}
        if aggs:
            shown["aggregations"] = aggs
        total = reply["hits"].get("total")
        own = total if matched is None else {"value": matched, "relation": "eq"}
        return shown | {
            "shelfsight": {"recall": self.recall, "execution": self.execution, "matched": own}
        }

    def second(self, reply: Mapping[str, Any]) -> dict[str, Any]:
        """Return the request that sorts or collapses the candidates that ``body`` has found.

        It is the shop's own body, its hits held to the candidates by a post filter, so that its
        aggregations count the shop's whole match set.

        Args:
            reply: The engine's answer to ``body``.

        Raises:
            InputError: The execution needs no second request.
        """
        if self.execution != "window":
            raise InputError(
                f"A body of execution {self.execution!r} is one request.", "Read its answer."
            )
        ids = {"ids": {"values": [hit["_id"] for hit in reply["hits"]["hits"]]}}
        body, own = self.original, self.original.get("post_filter")
        kept = {"bool": {"filter": [ids, *([own] if own else [])]}}
        if self.recall == "extend":
            query = own_query(body)
            aggs = counted_apart(body.get("aggs", body.get("aggregations", {})), query, own)
            added = {"constant_score": {"filter": ids, "boost": 0.0}}
            either = {"bool": {"should": [query, added], "minimum_should_match": 1}}
            body = {k: v for k, v in body.items() if k not in ("aggs", "aggregations")}
            body |= {"query": either, "aggs": aggs}
        return body | {"post_filter": kept}

    def to_json(self) -> dict[str, Any]:
        """Return what a client that sends the request itself needs."""
        return {
            "index": self.index,
            "body": self.body,
            "recall": self.recall,
            "execution": self.execution,
            "window": self.window,
            "weights": dict(self.weights),
            "notes": list(self.notes),
            "degraded": list(self.degraded),
            "template": self.template,
        }
