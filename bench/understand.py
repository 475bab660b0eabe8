"""Understanding of queries: tables of heads and properties, cost, and what it does to ranking.

    SHELFSIGHT_NODE_URL=http://127.0.0.1:9200 python -m bench.understand

Prints JSON: the share of queries read right (the held-out tables were written before any result
was seen), microseconds a query as a ratio to its segmentation alone, and ranking by the lexical
signal alone with plain and with understood queries (paired 95 % intervals, bootstrap).
"""

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

from mappings.body import render
from mappings.calibration import Calibration
from mappings.connection import Connection
from mappings.identity import ModelIdentity
from mappings.index import create
from mappings.product import parse_product
from mappings.schema import Schema
from mappings.vectors import ProductVectors
from query.engine import Patience, SearchEngine
from query.request import SearchRequest
from query.understand.catalogue_reading import CatalogueReading
from query.understand.chinese import Chinese
from query.understand.lexicon import built_in
from query.understand.live_words import LiveWords
from query.understand.options import USUAL, Understanding
from query.understand.words import WordReader

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
IDENTITY = ModelIdentity("none", "none", "none", "none", 8, "none")
WORDS = {"lexical": 1.0, "text": 0.0, "image": 0.0, "attribute": 0.0, "coherence": 0.0}


def tables() -> dict[str, Any]:
    """Return the share of the tables' queries whose head and properties are read right."""
    sys.path.insert(0, str(ROOT / "tests" / "query"))
    from understood_tables import asked, cases, words

    reader, known = WordReader(built_in(), Chinese()), words()
    found: dict[str, Any] = {}
    for name in ("zh", "en", "zh_heldout", "en_heldout"):
        rows = cases(name)
        read = [reader.read(c.query, known, USUAL) for c in rows]
        pairs = list(zip(rows, read, strict=True))
        found[name] = {
            "queries": len(rows),
            "heads": float(np.mean([u.head == c.head for c, u in pairs])),
            "properties": float(np.mean([asked(u) == c.asks for c, u in pairs])),
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

    cut = best(reader.chinese.tag)
    whole = best(lambda q: reader.read(q, known, USUAL))
    return {"microseconds": round(whole * 1e6, 1), "times_segmentation": round(whole / cut, 1)}


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


def rank(client: Any, name: str, records: list[dict[str, Any]], queries: dict[str, str]) -> Any:  # noqa: ANN401
    """Return the rankings by words alone, plain and understood, as runs of ir-measures."""
    alias = f"words-bench-{abs(hash(name)) % 10**6}"
    client.indices.delete(index=f"{alias}-*", ignore=404)
    schema = Schema(8)
    index = create(client, alias, IDENTITY, render(schema, IDENTITY, Calibration({})))
    lines: list[dict[str, Any]] = []
    for record in records:
        product = parse_product(record)
        document = schema.document(product, ProductVectors(), version=1, content_hash="h")
        lines += [{"index": {"_index": index, "_id": product.id}}, document]
    for at in range(0, len(lines), 2_000):
        assert not client.bulk(body=lines[at : at + 2_000])["errors"]
    client.indices.refresh(index=index)
    words = LiveWords(client, built_in(), Chinese(), wait=60.0)
    engine = SearchEngine(
        client, alias, IDENTITY, patience=Patience(60.0, 60.0), reading=CatalogueReading(words)
    )
    runs = {}
    for kind, choice in (("plain", Understanding(enabled=False)), ("understood", USUAL)):
        run: dict[str, dict[str, float]] = {}
        for qid, text in queries.items():
            request = SearchRequest(text, size=20, weights=WORDS, understanding=choice)
            run[qid] = {hit.id: -float(n) for n, hit in enumerate(engine.search(request).hits)}
        runs[kind] = run
    client.indices.delete(index=index)
    return runs


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


def main() -> None:
    """Print everything as JSON."""
    found: dict[str, Any] = {"tables": tables(), "ranking": {}}
    client = Connection(os.environ["SHELFSIGHT_NODE_URL"]).open()
    for name, records, queries, qrels in catalogues():
        measure = RR @ 10 if name.startswith("zh") else nDCG @ 10
        runs = rank(client, name, records, queries)
        found["ranking"][name] = compare(runs, qrels, measure)
    print(json.dumps(found, ensure_ascii=False, indent=2))


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines)


def _queries(folder: Path) -> dict[str, str]:
    return {r["qid"]: r["query"] for r in _rows(folder / "queries.jsonl")}


if __name__ == "__main__":
    main()
