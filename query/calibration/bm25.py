"""The scale of BM25, from the top scores of pseudo-queries by their number of words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mappings.calibration import Worded
from mappings.connection import node_errors
from mappings.schema import DELETED
from query.calibration.measure import HEADROOM
from query.calibration.pseudo_queries import pseudo_query
from query.model.intent import script_of
from query.model.signals import WORDS, Lexical
from query.plan.lexical import lexical_query
from query.plan.scales import DEFAULT_SCALES, count_words

MAX_QUERIES = 200
MIN_QUERIES = 10
MAX_POWER, MIN_POWER = 1.0, 0.5
PRODUCTS_PER_RANK = 1_000
"""One product in so many reaches a half, as with the vector signals' 99.9th percentile."""
MAX_RANK = 100


@dataclass(frozen=True, slots=True)
class TopScores:
    """The score that one product in a thousand reaches for pseudo-queries, own products excluded.

    Args:
        latin: Words in letters of each query, int64 (q,).
        cjk: Characters of each query, int64 (q,).
        scores: BM25 at that rank, 0 where fewer products have a word, float64 (q,).
        rank: Which one it is: 1 in a catalogue of up to 1,500 products, 100 at most.
    """

    latin: NDArray[np.int64]
    cjk: NDArray[np.int64]
    scores: NDArray[np.float64]
    rank: int = 1


def estimate_lexical(
    client: Any,  # noqa: ANN401 - opensearchpy.OpenSearch
    index: str,
    titles: Mapping[str, str],
    *,
    seed: int,
) -> Worded:
    """Return BM25's scale: what one product in a thousand reaches for pseudo-queries is a half.

    Args:
        client: The connection to the node.
        index: The live index; its documents must be searchable already.
        titles: Product id to title, at most 200 of which are used.
        seed: Of the cuts.

    Raises:
        NodeUnreachable: The node does not answer.
    """
    return scale_of_top_scores(measure_lexical(client, index, titles, seed=seed))


def measure_lexical(
    client: Any,  # noqa: ANN401 - opensearchpy.OpenSearch
    index: str,
    titles: Mapping[str, str],
    *,
    seed: int,
) -> TopScores:
    """Return what one product in a thousand scores for pseudo-queries over a live index.

    Args:
        client: The connection to the node.
        index: The live index; its documents must be searchable already.
        titles: Product id to title, at most 200 of which are used.
        seed: Of the cuts.

    Raises:
        NodeUnreachable: The node does not answer.
    """
    rng, rank = np.random.default_rng(seed), _rank(client, index)
    ids = [str(i) for i in rng.permutation(sorted(titles))[:MAX_QUERIES]]
    lines: list[dict[str, Any]] = []
    counts: list[tuple[int, int]] = []
    for product in ids:
        words = pseudo_query(titles[product], rng)
        clause = lexical_query(Lexical(WORDS), words, script_of(words)) if words else None
        if clause:
            not_it = [{"ids": {"values": [product]}}, {"term": {DELETED.name: True}}]
            query = {"bool": {"must": [clause], "must_not": not_it}}
            lines += [{}, {"from": rank - 1, "size": 1, "_source": False, "query": query}]
            counts.append(count_words(words))
    if not lines:
        return TopScores(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    with node_errors("the node"):
        replies = client.msearch(index=index, body=lines)["responses"]
    rows = [r.get("hits", {}).get("hits", ()) for r in replies]
    reached = np.array([hits[0]["_score"] if hits else 0.0 for hits in rows], np.float64)
    latin, cjk = np.array(counts, np.int64).T
    return TopScores(latin, cjk, reached, rank)


def _rank(client: Any, index: str) -> int:  # noqa: ANN401 - opensearchpy.OpenSearch
    with node_errors("the node"):
        products = int(client.count(index=index)["count"])
    return int(np.clip(round(products / PRODUCTS_PER_RANK), 1, MAX_RANK))


def scale_of_top_scores(tops: TopScores) -> Worded:
    """Return the scale that the scores give: ``c * words ** power`` is a half.

    Each script has its own c, the median; a script with fewer than 10 pseudo-queries that found
    something takes the other's. The power is fitted over both by least squares of logarithms.
    """
    default = DEFAULT_SCALES["lexical"]
    assert isinstance(default, Worded)
    matched = tops.scores > 0
    alone = [matched & (tops.cjk == 0), matched & (tops.latin == 0)]
    words = [tops.latin[alone[0]], tops.cjk[alone[1]]]
    scores = [tops.scores[mask] for mask in alone]
    power = _power(words, scores, default.power)
    each = [
        float(np.median(s / w**power)) if len(s) >= MIN_QUERIES else 0.0
        for w, s in zip(words, scores, strict=True)
    ]
    latin, cjk = each[0] or each[1], each[1] or each[0]
    if not latin:
        return default
    usual = HEADROOM * float(np.median(np.concatenate(scores)))
    return Worded(0.0, usual, True, latin, cjk, power)


def _power(
    words: list[NDArray[np.int64]], scores: list[NDArray[np.float64]], default: float
) -> float:
    """Return the common slope of log score over log words, each script about its own mean."""
    x = [np.log(w) - np.log(w).mean() for w in words if len(w) >= MIN_QUERIES]
    y = [np.log(s) - np.log(s).mean() for s in scores if len(s) >= MIN_QUERIES]
    spread = sum(float(a @ a) for a in x)
    if spread <= 0:
        return default
    slope = sum(float(a @ b) for a, b in zip(x, y, strict=True)) / spread
    return float(np.clip(slope, MIN_POWER, MAX_POWER))
