"""The fusions in plain NumPy, over legs that the test asks the node for itself."""

from typing import Any

import numpy as np
from fusion_shelf import CLIPPED, Shelf, column
from query_shop import DIM, WORDS

from bench.comparison_fusions import HybridL2, RepairedZScore, TheoreticalConvex
from mappings.product import Product
from mappings.schema import DELETED, Schema
from query.encode.query_vectors import QueryVectors
from query.model.filters import AnyOf, Between
from query.model.fusions import (
    HybridMinMax,
    MinMaxConvex,
    OverLegs,
    ReciprocalRank,
)
from query.model.intent import understand
from query.model.profiles import BUILT_IN, DEFAULT, find_profile
from query.model.request import SearchRequest
from query.model.signals import WORDS as COLUMNS
from query.model.signals import Lexical
from query.plan.compiler import compile_plan
from query.plan.lexical import lexical_query
from query.plan.reference import score, similarity

SIDES = {
    "text": ("text", "text"),
    "image": ("text", "image"),
    "attribute": ("text", "attribute"),
    "picture_image": ("picture", "image"),
    "picture_attribute": ("picture", "attribute"),
}
Scores = dict[str, float]


def legs_of(
    client: Any, shelf: Shelf, request: SearchRequest, depth: int
) -> dict[str, tuple[float, Scores]]:
    """Each leg's weight and its hits: raw BM25, and cosines computed from our own vectors."""
    found: dict[str, Scores] = {}
    intent = understand(request)
    vectors = {
        "text": WORDS.encode_query([intent.text])[0] if intent.text else None,
        "picture": WORDS.encode_query([request.pictures[0].decode()])[0]
        if request.pictures
        else None,
    }
    gone: dict[str, Any] = {"must_not": [{"term": {DELETED.name: True}}]}
    kept = {"bool": gone | {"filter": [f.clause() for f in request.filters]}}
    words = lexical_query(Lexical(COLUMNS), intent.text, intent.script)
    if words:
        query = {"bool": {"must": [words], "filter": [kept]}}
        found["lexical"] = _ask(client, shelf, query, depth)
    for name, (side, which) in SIDES.items():
        vector = vectors[side]
        if vector is None:
            continue
        near = {"vector": vector.tolist(), "k": depth, "filter": kept}
        near["method_parameters"] = {"ef_search": depth + 100}
        hits = _ask(client, shelf, {"knn": {f"{which}_vector": near}}, depth)
        ids, rows = column(shelf, which)
        cosines = dict(zip(ids, (rows.astype(np.float64) @ vector).tolist(), strict=True))
        found[name] = {key: cosines[key] for key in hits}
    weights = {n: {**DEFAULT.weights, **(request.weights or {})}[n] for n in found}
    total = sum(weights.values())
    return {n: (weights[n] / total, hits) for n, hits in found.items() if weights[n] > 0}


def _ask(client: Any, shelf: Shelf, query: dict[str, Any], depth: int) -> Scores:
    body = {"size": depth, "_source": False, "query": query}
    rows = client.search(index=shelf.index, body=body)["hits"]["hits"]
    return {row["_id"]: row["_score"] for row in rows}


def reference(fusion: OverLegs, legs: dict[str, tuple[float, Scores]]) -> Scores:
    """Every product's fused score."""
    total: Scores = {}
    for name, (weight, hits) in legs.items():
        if not hits:
            continue
        ids = sorted(hits, key=lambda key: (-np.float32(hits[key]), key))
        values = _values(fusion, np.array([hits[key] for key in ids]), name == "lexical")
        for key, value in zip(ids, values, strict=True):
            total[key] = total.get(key, 0.0) + weight * float(value)
    return total


def _values(fusion: OverLegs, s: np.ndarray[Any, Any], words: bool) -> np.ndarray[Any, Any]:
    engine = s if words else (1 + s) / 2
    match fusion:
        case ReciprocalRank():
            return np.array([1 / (fusion.rank_constant + rank) for rank in range(1, len(s) + 1)])
        case MinMaxConvex():
            return (s - s.min()) / np.ptp(s) if np.ptp(s) > 1e-9 else np.ones(len(s))
        case TheoreticalConvex():
            return s / s.max() if words else (s + 1) / (s.max() + 1)
        case HybridMinMax():
            if np.ptp(engine) <= 1e-9:
                return np.ones(len(s))
            return np.maximum(
                (engine - engine.min()) / np.ptp(engine), 0.001 * (engine == engine.min())
            )
        case HybridL2():
            return engine / np.linalg.norm(engine)
        case RepairedZScore():
            if np.ptp(engine) <= 1e-9:
                return np.ones(len(s))
            z = (engine - engine.mean()) / engine.std(ddof=1)
            return np.where(z > 0, z, 0.001)
    raise AssertionError(fusion)


def exact_scores(client: Any, shelf: Shelf, request: SearchRequest) -> Scores:
    """Every product's score by the formula, by brute force over all 5,000."""
    intent = understand(request)
    profile = find_profile(request.profile, BUILT_IN)
    vectors = QueryVectors(
        WORDS.encode_query([intent.text])[0] if intent.text else None,
        WORDS.encode_query([request.pictures[0].decode()])[0] if request.pictures else None,
    )
    plan = compile_plan(intent, vectors, profile, Schema(DIM), CLIPPED)
    ids = sorted(shelf.products)
    raw: dict[str, Any] = {}
    for term in plan.terms:
        name = term.signal.name
        if name == "lexical":
            words = lexical_query(Lexical(COLUMNS), intent.text, intent.script)
            hits = _ask(client, shelf, words, 10_000) if words else {}
            raw[name] = np.array([hits.get(key, 0.0) for key in ids])
        elif name == "coherence":
            stored = [shelf.vectors[key].coherence for key in ids]
            raw[name] = np.array([np.nan if v is None else v for v in stored])
        else:
            side, which = SIDES[name]
            query = vectors.of(side)
            assert query is not None
            none = np.full(DIM, np.nan, np.float32)
            rows = [getattr(shelf.vectors[key], which) for key in ids]
            stacked = np.stack([none if row is None else row for row in rows])
            raw[name] = similarity(query, stacked, "cosine")
    scores = score(raw, plan.weights, {t.signal.name: t.scale for t in plan.terms})
    found = dict(zip(ids, scores.tolist(), strict=True))
    return {key: s for key, s in found.items() if _fits(shelf.products[key], request)}


def _fits(product: Product, request: SearchRequest) -> bool:
    for kept in request.filters:
        if isinstance(kept, Between):
            price = product.price or 0.0
            low, high = kept.low or -1.0, kept.high if kept.high is not None else 1e9
            if not (low < price if kept.low_open else low <= price):
                return False
            if not (price < high if kept.high_open else price <= high):
                return False
        elif isinstance(kept, AnyOf) and product.brand not in kept.values:
            return False
    return True
