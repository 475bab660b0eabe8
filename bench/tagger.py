"""Attribute values found in titles: the trained tagger against the strongest gazetteer.

``python -m bench.tagger`` reads ``../shared/data/zh_titles/products.jsonl`` and, in five folds by
product (seeded permutation, every fifth), learns gazetteer and tagger from four folds and finds
spans in the titles of the fifth. Gold is ``learn.tagger.examples.listed_spans``: the listed values
that stand verbatim in the title. Three are compared. ``frequent``: longest match of values that
enough products list. ``gazetteer``: the same, of values whose titles mean them often enough
(``Entry.trust``), which is much stronger. Both limits are chosen on the training folds, in eighths
left out in turn. ``tagger``: its epoch and lean are chosen on 15 % of its training folds; epoch 0
is the confidence in known values alone, before the network has learned anything. ``gain`` is
against the stronger one.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from encoders.extract.gazetteer import Gazetteer, levels
from encoders.extract.plain import plain
from encoders.extract.spans import Span, without_overlaps
from learn.tagger.examples import Example, examples, listed_spans
from learn.tagger.training import Epoch, Recipe, span_f1, train
from mappings.product import Product, parse_product

DATA = Path(__file__).parents[1] / ".." / "shared" / "data" / "zh_titles" / "products.jsonl"
FOLDS, SEED = 5, 7
FEWEST = (1, 2, 3, 4, 5, 7, 10, 15, 20, 30)
LEASTS = tuple(float(x) for x in np.arange(0.1, 0.71, 0.05))


def read_products() -> list[Product]:
    """Return the catalogue: title, listed attributes and the two categories."""
    rows = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
    return [
        parse_product(
            {"id": r["id"], "title": r["title"], "attributes": r["attributes"]}
            | {"categories": [r["coarse"], r["fine"]]}
        )
        for r in rows
    ]


def fold_of(count: int) -> np.ndarray:
    """Return the fold of each product, int64 (count,)."""
    folds = np.empty(count, dtype=np.int64)
    folds[np.random.default_rng(SEED).permutation(count)] = np.arange(count) % FOLDS
    return folds


def strongest(learned: Sequence[Example], gazetteer: Gazetteer) -> Gazetteer:
    """Return the gazetteer with the least trust that does best across its training folds."""
    gold = [e.spans for e in learned]
    held = [list(e.gazetteer.matches(plain(e.text))) for e in learned]
    scores = {
        x: span_f1(gold, [without_overlaps(s for s, e in own if e.trust >= x) for own in held])
        for x in LEASTS
    }
    return replace(gazetteer, least=max(scores, key=lambda x: scores[x]))


def most_frequent(learned: Sequence[Example], gazetteer: Gazetteer) -> Gazetteer:
    """Return the plain gazetteer: values listed by enough products, how many chosen as above."""
    gold = [e.spans for e in learned]
    held = [list(e.gazetteer.matches(plain(e.text))) for e in learned]
    scores = {
        n: span_f1(
            gold,
            [without_overlaps(s for s, e in own if sum(e.names.values()) >= n) for own in held],
        )
        for n in FEWEST
    }
    least = max(scores, key=lambda n: scores[n])
    kept = {v: e for v, e in gazetteer.entries.items() if sum(e.names.values()) >= least}
    return Gazetteer(kept, 0.0)


def counts(gold: Sequence[Span], found: Sequence[Span]) -> tuple[int, int, int]:
    """Return how many spans are right, wrong and missed."""
    a, b = {(s.start, s.end) for s in gold}, {(s.start, s.end) for s in found}
    return len(a & b), len(b - a), len(a - b)


def f1(rows: np.ndarray) -> float:
    """Return F1 of summed (right, wrong, missed)."""
    right, wrong, missed = rows.sum(axis=0)
    return float(2 * right / max(1, 2 * right + wrong + missed))


def main() -> None:
    """Measure both, print each fold, then the totals and the paired interval as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=Recipe().epochs)
    parser.add_argument("--folds", type=int, default=FOLDS, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first fold")
    parser.add_argument("--counts", type=Path, help="keep each title's counts, for --join")
    parser.add_argument("--join", type=Path, nargs="+", help="only sum up what --counts kept")
    parser.add_argument("--gazetteer-only", action="store_true")
    given = parser.parse_args()
    if given.join:
        kept = [json.loads(path.read_text()) for path in given.join]
        joined = {k: np.concatenate([np.array(x[k]) for x in kept]) for k in kept[0]}
        print(json.dumps(summary(joined)))
        return
    products = read_products()
    folds = fold_of(len(products))
    tallies: dict[str, list[tuple[int, int, int]]] = {"frequent": [], "gazetteer": [], "tagger": []}
    for fold in range(given.first, min(FOLDS, given.first + given.folds)):
        own = [n for n in range(len(products)) if folds[n] == fold]
        others = [n for n in range(len(products)) if folds[n] != fold]
        learned = examples([products[n] for n in others])
        gazetteer = strongest(
            learned, Gazetteer.learn([products[n] for n in others], categories=False)
        )
        gold = [listed_spans(products[n]) for n in own]
        titles = [products[n].title for n in own]
        known = most_frequent(learned, gazetteer)
        found = {
            "frequent": [known.find(t) for t in titles],
            "gazetteer": [gazetteer.find(t) for t in titles],
        }
        started = time.monotonic()
        epochs: list[Epoch] = []
        if not given.gazetteer_only:
            tagger = train(learned, gazetteer, Recipe(epochs=given.epochs), on_epoch=epochs.append)
            found["tagger"] = tagger.find_many(titles, [levels(products[n]) for n in own])
        row: dict[str, object] = {"fold": fold, "titles": len(own), "least": gazetteer.least}
        for name, spans in found.items():
            fresh = [counts(a, b) for a, b in zip(gold, spans, strict=True)]
            tallies[name] += fresh
            row[name] = round(f1(np.array(fresh)), 4)
        if not given.gazetteer_only:
            row["epochs"] = [round(epoch.f1, 4) for epoch in epochs]
            row["kept"] = max(epochs, key=lambda epoch: epoch.f1).number
            row |= {"lean": tagger.card.lean, "seconds": round(time.monotonic() - started)}
        print(json.dumps(row), flush=True)
    arrays = {k: np.array(v) for k, v in tallies.items() if v}
    if given.counts:
        given.counts.write_text(json.dumps(tallies))
    print(json.dumps(summary(arrays)))


def summary(tallies: dict[str, np.ndarray]) -> dict[str, object]:
    """Return precision, recall and F1 of each, and the difference with its interval."""
    total: dict[str, object] = {}
    for name, rows in tallies.items():
        right, wrong, missed = rows.sum(axis=0)
        total[name] = {
            "precision": round(float(right / (right + wrong)), 4),
            "recall": round(float(right / (right + missed)), 4),
            "f1": round(f1(rows), 4),
        }
    if "tagger" in tallies:
        rng, n = np.random.default_rng(SEED), len(tallies["tagger"])
        draws = [rng.integers(0, n, n) for _ in range(1000)]
        gains = [f1(tallies["tagger"][d]) - f1(tallies["gazetteer"][d]) for d in draws]
        low, high = np.percentile(gains, [2.5, 97.5])
        total["gain"] = round(f1(tallies["tagger"]) - f1(tallies["gazetteer"]), 4)
        total["interval"] = [round(float(low), 4), round(float(high), 4)]
    return total


if __name__ == "__main__":
    main()
