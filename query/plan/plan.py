"""The plan: one request to the engine that computes the whole formula over good candidates."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from mappings.schema import CARD, KEY, SHOWN
from query.model.filters import Filter
from query.opensearch.doc_values import docvalues
from query.plan.candidates import query_by_ids
from query.plan.formula import Params
from query.plan.script import Term

ROW_PARTS = (
    "script_fields", "_source", "stored_fields", "docvalue_fields", "highlight",
)  # fmt: skip
"""Parts of a request body that have a cost for every row."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One compiled request, and what is needed to read its reply.

    Args:
        body: The request that ranks.
        terms: The formula's summands, in the order in which they are explained.
        legs: Names of the neighbour legs; ``blend`` stands for all signals of the words.
        k: Neighbours of each leg, on each shard.
        lexical: Best lexical hits, on each shard.
        window: Candidates that the formula is computed for, on each shard.
        first: Rank of the first row asked for.
        shift: Subtracted from every score of the engine.
        lexical_clause: The words' clause, ``None`` without words.
        filters: What every hit satisfies.
        params: The query vectors by script parameter name.
        find: Makes the candidate query without row reports; only a window needs it.
        weight_reasons: Why the weights are what they are.
        count: Makes the request that counts the match set and its facets; it is sent concurrently.
            ``None`` if the ranking request counts, as no facet needs the whole match set.
        count_to: Matches are counted exactly up to here.
    """

    body: dict[str, Any]
    terms: tuple[Term, ...]
    legs: tuple[str, ...]
    k: int
    lexical: int
    window: int
    first: int
    shift: float
    lexical_clause: dict[str, Any] | None = None
    filters: tuple[Filter, ...] = ()
    params: Params = field(default_factory=dict)
    find: Callable[[], dict[str, Any]] = dict
    weight_reasons: tuple[str, ...] = ()
    count: Callable[[], dict[str, Any]] | None = None
    count_to: int = 1_000

    @property
    def weights(self) -> dict[str, float]:
        """The weights used, by signal name; they add up to 1."""
        return {t.signal.name: t.weight for t in self.terms}

    def whole_window(self) -> dict[str, Any]:
        """Return the body that asks for the whole window instead of a page."""
        return {**self.body, "from": 0, "size": self.window}

    def window_body(self, columns: Sequence[str], ids_as_doc_values: bool) -> dict[str, Any]:
        """Return the body that asks for the whole window: scores and doc values, no documents.

        Args:
            columns: Whose doc values each row brings.
            ids_as_doc_values: Whether the rows' ids are read from doc values too, which is cheaper.
        """
        rows = {"stored_fields": "_none_"} if ids_as_doc_values else {"_source": False}
        read = [KEY.name, *columns] if ids_as_doc_values else columns
        kept = {k: v for k, v in self.body.items() if k not in ROW_PARTS}
        body = kept | {"from": 0, "size": self.window, "query": self.find()} | rows
        return body | ({"docvalue_fields": docvalues(read)} if read else {})

    def page_body(self, ids: Sequence[str]) -> dict[str, Any]:
        """Return the body that reads these products and their raw values, unordered.

        It computes no score: that is the sum of the contributions.
        """
        query = query_by_ids(tuple(ids), self.lexical_clause, self.filters, self.terms, self.params)
        kept = {k: v for k, v in self.body.items() if k != "rescore"}
        return kept | {"from": 0, "size": len(ids), "query": query, "track_total_hits": False}


def read_from_documents(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body that reads rows from documents, for products indexed without a card."""
    kept = {k: v for k, v in body.items() if k not in ("stored_fields", "docvalue_fields")}
    return kept | row_parts(has_card_column=False)


def row_parts(has_card_column: bool) -> dict[str, Any]:
    """Return the row part of a body: id and displayed fields, from doc values or the document."""
    if has_card_column:
        return {"stored_fields": "_none_", "docvalue_fields": [KEY.name, CARD.name]}
    return {"_source": [f.name for f in SHOWN]}
