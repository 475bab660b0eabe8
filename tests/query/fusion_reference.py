"""The fusions in plain NumPy, over legs that the test asks the node for itself."""

from typing import Any

import numpy as np
from fusion_shelf import Shelf, column
from query_shop import WORDS

from mappings.schema import DELETED
from query.fusion.kinds import (
    HybridL2,
    HybridMinMax,
    HybridZScore,
    MinMaxConvex,
    OverLegs,
    ReciprocalRank,
    TheoreticalConvex,
)
from query.intent import understand
from query.lexical import lexical_query
from query.profiles import DEFAULT
from query.request import SearchRequest
from query.signals import WORDS as COLUMNS
from query.signals import Lexical

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
        ids = sorted(hits, key=lambda key: (-np.float32(hits[key]), key))
        values = _values(fusion, np.array([hits[key] for key in ids]), name == "lexical")
        for key, value in zip(ids, values, strict=True):
            total[key] = total.get(key, 0.0) + weight * float(value)
    if isinstance(fusion, HybridZScore):
        return {key: s / (1 + s) for key, s in total.items()}
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
        case HybridZScore():
            if np.ptp(engine) <= 1e-9:
                return np.ones(len(s))
            z = (engine - engine.mean()) / engine.std(ddof=1)
            return np.where(z > 0, z, 0.001)
