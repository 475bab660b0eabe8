"""What the fused request is timed against: the engine's own ways to ask the same legs."""

from typing import Any

from mappings.fields import vector_json
from mappings.schema import SHOWN, Schema
from query.encode.query_vectors import QueryVectors
from query.model.filters import Filter
from query.model.intent import Intent
from query.model.profiles import DEFAULT
from query.model.signals import WORDS, Lexical
from query.plan.budget import Budget
from query.plan.candidates import near_filter
from query.plan.lexical import lexical_query

SIZE = 24


def legs(
    intent: Intent, vectors: QueryVectors, schema: Schema, k: int
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the lexical clause and one nearest-neighbour clause per vector signal."""
    assert vectors.text is not None
    lexical = lexical_query(Lexical(WORDS), intent.text, intent.script)
    assert lexical is not None
    words = vector_json(vectors.text)
    seen = words if vectors.visual is None else vector_json(vectors.visual)
    kept = near_filter(intent.request.filters)
    columns = {schema.text_vector: words, schema.image_vector: seen, schema.attribute_vector: words}
    near = [{"knn": {c.name: {"vector": v, "k": k, **kept}}} for c, v in columns.items()]
    return lexical, near


def plain_bool(lexical: dict[str, Any], near: list[dict[str, Any]], kept: dict[str, Any]) -> Any:  # noqa: ANN401
    """Return ``bool.should`` of the legs: raw scores added up, no formula."""
    should = {"should": [lexical, *near], "minimum_should_match": 1}
    return _body({"bool": kept | should})


def hybrid(
    lexical: dict[str, Any], near: list[dict[str, Any]], kept: dict[str, Any], depth: int | None
) -> Any:  # noqa: ANN401
    """Return the engine's hybrid query over the legs with an inline normalisation pipeline.

    Args:
        lexical: The lexical leg.
        near: The neighbour legs.
        kept: The part that filters, empty without filters.
        depth: Hits of each leg that are fused; ``None`` for the engine's default, the page size.
    """
    names = ("lexical", "text", "image", "attribute")[: 1 + len(near)]
    total = sum(DEFAULT.weights[n] for n in names)
    weights = [DEFAULT.weights[n] / total for n in names]
    query: dict[str, Any] = {"queries": [lexical, *near], **kept}
    if depth:
        query["pagination_depth"] = depth
    fusion = {
        "normalization": {"technique": "min_max"},
        "combination": {"technique": "arithmetic_mean", "parameters": {"weights": weights}},
    }
    pipeline = {"phase_results_processors": [{"normalization-processor": fusion}]}
    return _body({"hybrid": query}) | {"search_pipeline": pipeline}


def contenders(
    intent: Intent, vectors: QueryVectors, schema: Schema, filters: tuple[Filter, ...]
) -> dict[str, Any]:
    """Return the bodies by name, all with the same lexical clause, filters and k."""
    k = Budget().blend.k
    kept = near_filter(filters)
    lexical, near = legs(intent, vectors, schema, k)
    bodies = {
        "hybrid, every leg to k": hybrid(lexical, near, kept, k),
        "hybrid, every leg to the page": hybrid(lexical, near, kept, None),
        "bool.should": plain_bool(lexical, near, kept),
    }
    column = schema.blend_vector
    if column and schema.blend and vectors.text is not None:
        vector = vector_json(schema.blend.query(vectors.text))
        one = [{"knn": {column.name: {"vector": vector, "k": k, **kept}}}]
        bodies["bool.should of the two legs that ours runs"] = plain_bool(lexical, one, kept)
    return bodies


def _body(query: dict[str, Any]) -> dict[str, Any]:
    return {"size": SIZE, "_source": [f.name for f in SHOWN], "query": query}
