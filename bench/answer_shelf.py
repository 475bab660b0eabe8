"""The catalogue of the answer benchmark: groups, stock and days beside what search needs."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.fused_catalogue import Catalogue, load
from encoders.card import EncoderCard
from encoders.concepts.factory import make_concept_expander
from encoders.protocol import TextEncoder
from encoders.query_expander import VisualQueryExpander
from mappings.blend import Blend
from mappings.body import render
from mappings.identity import ModelIdentity
from mappings.index import live_index
from mappings.product import Product
from mappings.schema import Schema
from mappings.vectors import ProductVectors
from query.calibration.measure import estimate
from query.engine import SearchEngine
from query.model.intent import understand
from query.model.profiles import DEFAULT
from query.model.request import SearchRequest
from query.plan.budget import Budget

CACHE = Path(__file__).resolve().parents[1] / ".shelfsight" / "bench"
ALIAS = "bench-answer"
LINES = 600
EACH_GROUP = 3


class Uncached:
    """Knows the benchmark's queries: encoding is timed apart."""

    def __init__(self, card: EncoderCard, known: dict[str, NDArray[np.float32]]) -> None:
        self.card, self._known = card, known

    def encode_query(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of known queries, float32 (n, d)."""
        return np.stack([self._known[text] for text in texts])

    encode_products = encode_query


@dataclass(frozen=True, slots=True)
class Shelf:
    """The indexed catalogue, its queries, and their vectors, float32 (m, d)."""

    alias: str
    schema: Schema
    queries: tuple[str, ...]
    vectors: NDArray[np.float32]
    identity: ModelIdentity
    encoder: TextEncoder
    sight: VisualQueryExpander

    def engine(self, client: Any, budget: Budget = Budget()) -> SearchEngine:  # noqa: ANN401, B008
        """Return an engine over it that has encoded every query already."""
        engine = SearchEngine(
            client, self.alias, self.identity, text=self.encoder, sight=self.sight, budget=budget
        )
        for text in self.queries:
            engine.encoder.encode(understand(SearchRequest(text)))
        return engine


def fill(client: Any, encoder: TextEncoder, size: int, seed: int, each: int) -> Shelf:  # noqa: ANN401
    """Make, calibrate and index a catalogue of so many products, merged to one segment."""
    made = load(size, encoder, CACHE, seed=seed, each=each)
    vectors = _vectors(made)
    scales = estimate(encoder, [p.title for p in made.products], vectors, seed=seed)
    schema = Schema(encoder.card.dim, Blend.of(DEFAULT.weights, scales))
    identity = ModelIdentity("bench", "", "", "", encoder.card.dim, "")
    alias = f"{ALIAS}-{size}"
    _write(client, alias, made, vectors, schema, render(schema, identity, scales))
    live = live_index(client, alias)
    assert live is not None
    queries = tuple(text for _, text in made.queries)
    known = dict(zip(queries, made.query_vectors, strict=True))
    remembered = Uncached(encoder.card, known)
    sight = VisualQueryExpander(make_concept_expander(encoder, CACHE))
    return Shelf(alias, live.schema, queries, made.query_vectors, identity, remembered, sight)


def _vectors(made: Catalogue) -> list[ProductVectors]:
    coherence = (made.image.astype(np.float64) * made.attribute).sum(axis=1)
    rows = zip(made.text, made.image, made.attribute, coherence, strict=True)
    return [ProductVectors(text=t, image=i, attribute=a, coherence=float(c)) for t, i, a, c in rows]


def _dressed(number: int, product: Product) -> Product:
    """Return the product with a group of three, stock and a day."""
    return product.model_copy(
        update={
            "group": f"g{number // EACH_GROUP}",
            "stock": float(number % 7),
            "added": f"2026-{number % 12 + 1:02d}-{number % 28 + 1:02d}T00:00:00Z",
        }
    )


def _write(
    client: Any,  # noqa: ANN401
    alias: str,
    made: Catalogue,
    vectors: Sequence[ProductVectors],
    schema: Schema,
    body: dict[str, Any],
) -> None:
    index = f"{alias}-1"
    client.indices.delete(index=f"{alias}-*", ignore=404)
    body["settings"]["index"]["refresh_interval"] = "-1"
    client.indices.create(index=index, body=body | {"aliases": {alias: {}}})
    lines: list[str] = []
    started = time.monotonic()
    for number, (product, own) in enumerate(zip(made.products, vectors, strict=True), 1):
        document = schema.document(_dressed(number, product), own, order=1, content_hash="bench")
        lines += [json.dumps({"index": {"_id": product.id}}), json.dumps(document)]
        if len(lines) >= LINES or number == len(vectors):
            reply = client.bulk(index=index, body="\n".join(lines) + "\n")
            assert not reply["errors"], reply["items"][0]
            lines = []
            rate = number / (time.monotonic() - started)
            print(f"\rindexed {number:,} of {len(vectors):,}, {rate:.0f} a second", end="")
    print("\nmerging to one segment …", flush=True)
    client.indices.forcemerge(index=index, max_num_segments=1, request_timeout=1_800)
    client.indices.refresh(index=index)
