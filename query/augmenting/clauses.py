"""A foreign query read clause by clause: what in it are words, what are filters, what scores."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mappings.errors import InputError

Clause = dict[str, Any]

# Clauses over one field that mean words when the field is analysed text, and a filter elsewhere.
_MATCHES = frozenset(
    {"match", "match_phrase", "match_phrase_prefix", "match_bool_prefix", "intervals"}
)
# Clauses that are about nearness or weight, and never about what a product must be.
_NEARNESS = frozenset(
    {
        "more_like_this", "common", "neural_sparse", "rank_feature", "distance_feature",
        "span_term", "span_near", "span_or", "span_first", "span_multi", "span_not",
        "span_containing", "span_within", "field_masking_span",
    }
)  # fmt: skip
_SHAPED = frozenset({"function_score", "script_score", "boosting", "knn", "neural", *_NEARNESS})
_TEXT = frozenset({"text", "match_only_text", "search_as_you_type", "annotated_text"})
# What a query string's text may hold that makes it more than words.
_SYNTAX = frozenset('+-!(){}[]^"~*?:\\/<>|&=')
_OPERATORS = frozenset({"AND", "OR", "NOT"})


def clause_of(query: object, where: str) -> tuple[str, Any]:
    """Return a clause's kind and what it says.

    Args:
        query: ``{"kind": {...}}``.
        where: Named in the error.

    Raises:
        InputError: It is no clause.
    """
    if isinstance(query, Mapping) and len(query) == 1:
        ((kind, spec),) = query.items()
        return str(kind), spec
    raise InputError(
        f"{where} is no query clause: one object with one name is wanted.",
        'Write it as {"match": {"title": "…"}}.',
    )


def listed(value: object) -> list[Any]:
    """Return the clauses of a bool's section, which may be one or a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def copy_of(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a clause without names and inner hits, for use a second time in one request."""
    if isinstance(value, dict):
        return {k: copy_of(v) for k, v in value.items() if k not in ("_name", "inner_hits")}
    return [copy_of(v) for v in value] if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class FieldTypes:
    """The index's fields by path: whether a clause over one asks for words or for a value."""

    types: Mapping[str, str] = field(default_factory=dict)

    def is_text(self, name: str) -> bool:
        """Tell whether a field, with its boost cut off, is analysed text; an unknown one is."""
        kind = self.types.get(name.partition("^")[0], "text")
        return kind in _TEXT

    def asks_words(self, kind: str, spec: object) -> bool:
        """Tell whether a clause without clauses inside asks for words, as against a filter."""
        if kind in _NEARNESS:
            return True
        if kind in _MATCHES:
            names = [n for n in spec if n != "boost"] if isinstance(spec, Mapping) else []
            return any(self.is_text(str(n)) for n in names)
        if kind in ("multi_match", "combined_fields"):
            names = listed(spec.get("fields")) if isinstance(spec, Mapping) else []
            return not names or any("*" in str(n) or self.is_text(str(n)) for n in names)
        if kind in ("query_string", "simple_query_string"):
            return _plain_words(spec)
        return False

    def scores(self, query: object) -> bool:
        """Tell whether a query's score says more than that a product matches."""
        kind, spec = clause_of(query, "The query")
        inner = spec if isinstance(spec, Mapping) else {}
        if kind == "bool":
            return bool(listed(inner.get("should"))) or any(map(self.scores, _must(inner)))
        if kind == "nested":
            return inner.get("score_mode") != "none" and self.scores(inner.get("query"))
        if kind == "dis_max":
            return any(map(self.scores, listed(inner.get("queries"))))
        return kind in _SHAPED or self.asks_words(kind, spec)


def _must(spec: Mapping[str, Any]) -> list[Any]:
    return listed(spec.get("must"))


def _plain_words(spec: object) -> bool:
    """Tell whether a query string holds nothing but words: no field, sign or operator."""
    text = str(spec.get("query", "")) if isinstance(spec, Mapping) else str(spec)
    return not _SYNTAX & set(text) and not _OPERATORS & set(text.split())
