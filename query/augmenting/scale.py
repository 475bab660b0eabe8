"""The scale of a shop's own scores, measured: what a good hit gets from the shop's own query."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mappings.calibration import Saturation
from mappings.connection import node_errors
from query.augmenting.foreign import require_body
from query.calibration.pseudo_queries import pseudo_query

MOST = 100


def pseudo_bodies(
    titles: Mapping[str, str], fields: Sequence[str], *, seed: int
) -> list[dict[str, Any]]:
    """Return plain queries by words of the shop's own titles, own product excluded.

    They stand in for the shop's bodies where it gives none: for queries that multiply scores by
    functions, give examples of them instead.

    Args:
        titles: Document id to title.
        fields: The shop's fields that are searched.
        seed: Of the cuts.
    """
    rng = np.random.default_rng(seed)
    ids = [str(i) for i in rng.permutation(sorted(titles))[:MOST]]
    cut = {i: pseudo_query(titles[i], rng) for i in ids}
    return [
        {
            "query": {
                "bool": {
                    "must": [{"multi_match": {"query": words, "fields": list(fields)}}],
                    "must_not": [{"ids": {"values": [i]}}],
                }
            }
        }
        for i, words in cut.items()
        if words
    ]


def measure_scale(client: Any, index: str, bodies: Sequence[Mapping[str, Any]]) -> Saturation:  # noqa: ANN401
    """Return s / (s + c) with c the median best score of the bodies; c = 10 without any hit.

    Args:
        client: The connection.
        index: The shop's index.
        bodies: The shop's own, or ``pseudo_bodies``; at most 100 are asked.

    Raises:
        InputError: A body is too large, too deep, or of unknown sections.
        NodeUnreachable: The node does not answer.
    """
    lines: list[dict[str, Any]] = []
    for body in bodies[:MOST]:
        query = require_body(body, scripts=True).get("query", {"match_all": {}})
        lines += [{}, {"size": 1, "_source": False, "query": query}]
    if not lines:
        return Saturation(10.0)
    with node_errors("the node"):
        replies = client.msearch(index=index, body=lines)["responses"]
    tops = [r["hits"]["max_score"] for r in replies if r.get("hits", {}).get("max_score")]
    return Saturation(float(np.median(tops))) if tops else Saturation(10.0)
