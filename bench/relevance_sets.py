"""The judged sets of bench/relevance.py on a real node: titles, vectors (cached), BM25 of all."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from encoders.protocol import TextEncoder, Vectors
from encoders.texts import product_text
from learn.judgments import Judgments
from mappings.blend import Blend
from mappings.body import render
from mappings.calibration import Calibration
from mappings.identity import ModelIdentity
from mappings.product import Product
from mappings.schema import Schema
from mappings.vectors import ProductVectors
from query.calibration.bm25 import estimate_lexical
from query.calibration.measure import estimate
from query.model.intent import script_of
from query.model.profiles import DEFAULT
from query.model.signals import WORDS, Lexical
from query.plan.lexical import lexical_query

ROOT = Path(__file__).parents[1]
DATA = ROOT / ".." / "shared" / "data"
CACHE = ROOT / "bench" / "out" / "relevance"
SAMPLE = 250
SEED = 0
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """A set: products, queries and which product answers which.

    Args:
        name: Of the set and of its index.
        products: Every product of the set.
        queries: Query id to text.
        kinds: Query id to its kind, such as ``literal``.
        judgments: Query id to product id to grade.
    """

    name: str
    products: tuple[Product, ...]
    queries: dict[str, str]
    kinds: dict[str, str]
    judgments: Judgments


@dataclass(frozen=True, slots=True)
class Shelf:
    """A set on the node: its vectors, its index, its measured scales.

    Args:
        judged: The set.
        index: The index's name.
        text: The titles' vectors, float32 (n, d).
        asked: The queries' vectors, float32 (q, d), in the set's order.
        calibration: Measured on 250 of its products, as an ingest does.
        schema: The index's columns.
    """

    judged: Judged
    index: str
    text: Vectors
    asked: Vectors
    calibration: Calibration
    schema: Schema

    @property
    def ids(self) -> list[str]:
        """The products' ids, in the set's order."""
        return [p.id for p in self.judged.products]


def zh_titles() -> Judged:
    """Return the Chinese titles, title only."""
    rows, asked = _rows("zh_titles/corpus.jsonl"), _rows("zh_titles/queries.jsonl")
    return Judged(
        "zh_titles",
        tuple(Product(id=r["id"], title=r["title"]) for r in rows),
        {r["qid"]: r["query"] for r in asked},
        {r["qid"]: "zh" for r in asked},
        _qrels("zh_titles/qrels.tsv"),
    )


def myntra(attributes: bool) -> Judged:
    """Return the English fashion titles, with categories and attributes where asked for."""
    rows, asked = _rows("myntra_titles/products.jsonl"), _rows("myntra_titles/queries.jsonl")
    return Judged(
        "myntra_attributes" if attributes else "myntra_titles",
        tuple(_myntra(row, attributes) for row in rows),
        {r["qid"]: r["query"] for r in asked},
        {r["qid"]: r["kind"] for r in asked},
        _qrels("myntra_titles/qrels.tsv"),
    )


def _myntra(row: dict[str, Any], attributes: bool) -> Product:
    title = str(row["productDisplayName"])
    if not attributes:
        return Product(id=row["id"], title=title)
    named = {k: (str(row[k]),) for k in ("gender", "baseColour", "season", "usage") if row[k]}
    path = "/".join(row[k] for k in ("masterCategory", "subCategory", "articleType"))
    return Product(id=row["id"], title=title, categories=(path,), attributes=named)


def shelve(client: Any, judged: Judged, encoder: TextEncoder) -> Shelf:  # noqa: ANN401
    """Index a set with its text vectors, measure its scales and return it."""
    texts = [product_text(p) for p in judged.products]
    text = encoded(encoder.encode_products, texts, encoder, "p")
    asked = encoded(encoder.encode_query, list(judged.queries.values()), encoder, "q")
    vectors = [ProductVectors(text=row) for row in text]
    drawn = np.random.default_rng(SEED).permutation(len(vectors))[:SAMPLE]
    titles = [judged.products[int(i)].title for i in drawn]
    scales = estimate(encoder, titles, [vectors[int(i)] for i in drawn], seed=SEED)
    schema = Schema(encoder.card.dim, Blend.of({"text": 1.0}, scales))
    index = f"bench-relevance-{judged.name.replace('_', '-')}-{encoder.card.digest[:8]}"
    identity = ModelIdentity("bench", "", "", "", encoder.card.dim, "")
    fill(client, index, judged, vectors, schema, render(schema, identity, scales))
    sample = {judged.products[int(i)].id: judged.products[int(i)].title for i in drawn}
    words = estimate_lexical(client, index, sample, seed=SEED)
    calibration = Calibration({**scales.scales, "lexical": words})
    return Shelf(judged, index, text, asked, calibration, schema)


def fill(
    client: Any,  # noqa: ANN401
    index: str,
    judged: Judged,
    vectors: Sequence[ProductVectors],
    schema: Schema,
    body: dict[str, Any],
) -> None:
    """Write every product into a new index of one segment."""
    client.indices.delete(index=index, ignore=404)
    client.indices.create(index=index, body=body)
    lines: list[str] = []
    for number, (product, made) in enumerate(zip(judged.products, vectors, strict=True), 1):
        document = schema.document(product, made, order=1, content_hash="bench")
        lines += [json.dumps({"index": {"_id": product.id}}), json.dumps(document)]
        if len(lines) >= 1_000 or number == len(vectors):
            reply = client.bulk(index=index, body="\n".join(lines) + "\n")
            assert not reply["errors"], reply["items"][0]
            lines = []
    client.indices.forcemerge(index=index, max_num_segments=1, request_timeout=600)
    client.indices.refresh(index=index)


def encoded(
    verb: Callable[[Sequence[str]], Vectors], texts: list[str], encoder: TextEncoder, side: str
) -> Vectors:
    """Return float32 (n, d), read from the cache where it is there."""
    parts = json.dumps([encoder.card.digest, side, texts], ensure_ascii=False).encode()
    path = CACHE / f"{hashlib.sha256(parts).hexdigest()[:16]}.npy"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        rows = [verb(texts[n : n + 64]) for n in range(0, len(texts), 64)]
        np.save(path, np.concatenate(rows))
    return np.asarray(np.load(path), dtype=np.float32)


def our_words(text: str) -> dict[str, Any]:
    """Return the lexical clause that the program sends."""
    return lexical_query(Lexical(WORDS), text, script_of(text)) or {"match_none": {}}


def every_bm25(
    client: Any,  # noqa: ANN401
    index: str,
    ids: Sequence[str],
    clauses: Sequence[dict[str, Any]],
) -> Floats:
    """Return the BM25 of every product for each clause, float64 (q, n), 0 without a match."""
    place = {name: n for n, name in enumerate(ids)}
    found = np.zeros((len(clauses), len(ids)))
    for n, clause in enumerate(clauses):
        reply = client.search(
            index=index,
            body={"size": 10_000, "_source": False, "query": clause},
            params={"filter_path": "hits.hits._id,hits.hits._score"},
        )
        for hit in reply.get("hits", {}).get("hits", ()):
            found[n, place[hit["_id"]]] = hit["_score"]
    return found


def segmented(text: str) -> str:
    """Return a text's words with spaces between them, in small letters."""
    import rjieba

    words = rjieba.cut(unicodedata.normalize("NFKC", text).lower())
    return " ".join(w for w in words if any(c.isalnum() for c in w))


def plain_bm25(client: Any, judged: Judged, analyzers: dict[str, str]) -> dict[str, Floats]:  # noqa: ANN401
    """Return BM25 of a plain ``match`` on the titles, by name, float64 (q, n) each.

    Args:
        client: The connection to the node.
        judged: The set.
        analyzers: Name to analyzer; ``segmented`` is cut into words before it is indexed.
    """
    index = f"bench-relevance-plain-{judged.name.replace('_', '-')}"
    columns = {name: {"type": "text", "analyzer": a} for name, a in analyzers.items()}
    client.indices.delete(index=index, ignore=404)
    client.indices.create(
        index=index,
        body={"settings": {"number_of_shards": 1}, "mappings": {"properties": columns}},
    )
    lines: list[dict[str, Any]] = []
    for product in judged.products:
        written = {n: _written(n, product.title) for n in analyzers}
        lines += [{"index": {"_id": product.id}}, written]
    for start in range(0, len(lines), 2_000):
        client.bulk(index=index, body=lines[start : start + 2_000])
    client.indices.refresh(index=index)
    ids = [p.id for p in judged.products]
    found = {}
    for name in analyzers:
        clauses = [{"match": {name: _written(name, q)}} for q in judged.queries.values()]
        found[name] = every_bm25(client, index, ids, clauses)
    client.indices.delete(index=index)
    return found


def _written(name: str, text: str) -> str:
    return segmented(text) if name == "segmented" else text


def _rows(path: str) -> list[dict[str, Any]]:
    lines = (DATA / path).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def _qrels(path: str) -> Judgments:
    from learn.judgments import read_judgments

    return read_judgments(DATA / path)


def default_weights() -> dict[str, float]:
    """Return the default profile's weights of the two signals that a title has, adding up to 1."""
    both = {n: DEFAULT.weights[n] for n in ("lexical", "text")}
    return {n: w / sum(both.values()) for n, w in both.items()}
