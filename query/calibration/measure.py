"""Calibration: the distribution of each signal over unrelated pairs, and the scale it gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from encoders.adapter import QueryAdapter
from encoders.protocol import TextEncoder
from mappings.calibration import Affine, Calibration, Centred, pack
from mappings.vectors import ProductVectors
from query.calibration.pseudo_queries import pseudo_query
from query.plan.scales import DEFAULT_SCALES, NARROWEST

PSEUDO = 200
OTHERS = 2_000
FEWEST_PAIRS = 100
HIGH = 99.9
HEADROOM = 2.0
"""The high percentile of unrelated pairs maps to a half; good matches lie above it."""


@dataclass(frozen=True, slots=True)
class UnrelatedPairs:
    """The values of a signal over unrelated pairs.

    Args:
        above: By how much each pair lies above its query's offset, float64 (pairs,).
        low: The median of the values themselves.
        centre: The mean product vector, float64 (d,); ``None`` for a signal without a query.
    """

    above: NDArray[np.float64]
    low: float
    centre: NDArray[np.float64] | None

    @property
    def scale(self) -> Affine | None:
        """The scale that they give; ``None`` where there are too few."""
        if len(self.above) < FEWEST_PAIRS:
            return None
        width = HEADROOM * max(float(np.percentile(self.above, HIGH)), NARROWEST)
        if self.centre is None:
            return Affine(self.low, self.low + width, clip=True)
        return Centred(self.low, self.low + width, True, pack(self.centre))


def estimate(
    encoder: TextEncoder,
    titles: Sequence[str],
    vectors: Sequence[ProductVectors],
    *,
    seed: int,
    adapter: QueryAdapter | None = None,
) -> Calibration:
    """Return the scales of all signals, measured on a sample of the catalogue.

    A signal with too few pairs, and BM25, get their default.

    Args:
        encoder: The text encoder of the space.
        titles: The sample's titles.
        vectors: The sample's vectors, in the same order; each float32 (d,) or ``None``.
        seed: Of all that is drawn.
        adapter: What queries that ask pictures are moved by.
    """
    measured = measure(encoder, titles, vectors, seed=seed, adapter=adapter)
    return Calibration(DEFAULT_SCALES | {n: s for n, m in measured.items() if (s := m.scale)})


def measure(
    encoder: TextEncoder,
    titles: Sequence[str],
    vectors: Sequence[ProductVectors],
    *,
    seed: int,
    adapter: QueryAdapter | None = None,
) -> dict[str, UnrelatedPairs]:
    """Return what each vector signal says of unrelated pairs, by the signal's name.

    Pseudo-queries are titles cut to 2-6 terms and encoded as queries; a picture signal's are the
    products' own pictures. Each meets other products at random. Coherence is measured between
    pictures and attributes of different products.

    Args:
        encoder: The text encoder of the space.
        titles: The sample's titles.
        vectors: The sample's vectors, in the same order; each float32 (d,) or ``None``.
        seed: Of all that is drawn.
        adapter: What queries that ask pictures are moved by.
    """
    rng = np.random.default_rng(seed)
    sample = rng.permutation(len(titles))[: max(PSEUDO, OTHERS)]
    chosen = [int(i) for i in sample[:PSEUDO]]
    pseudo_queries = [pseudo_query(titles[i], rng) for i in chosen]
    texts = [i for i, words in zip(chosen, pseudo_queries, strict=True) if words]
    words = [w for w in pseudo_queries if w]
    rows = encoder.encode_query(words)
    queries = dict(zip(texts, rows, strict=True))
    visual_rows = adapter.adapt(rows) if adapter else rows
    visual_queries = dict(zip(texts, visual_rows, strict=True))
    pictures = {i: _one_picture(vectors[i], rng) for i in chosen}
    columns = {
        name: {int(i): v for i in sample if (v := getattr(vectors[int(i)], name)) is not None}
        for name in ("text", "image", "attribute")
    }
    uploads = {i: v for i, v in pictures.items() if v is not None}
    coherent = {i: v for i, v in columns["image"].items() if i in set(chosen)}
    pairs = {
        "text": (queries, columns["text"]),
        "image": (visual_queries, columns["image"]),
        "attribute": (queries, columns["attribute"]),
        "picture_image": (uploads, columns["image"]),
        "picture_attribute": (uploads, columns["attribute"]),
        "coherence": (coherent, columns["attribute"]),
    }
    return {name: _unrelated_pairs(*sides, name != "coherence") for name, sides in pairs.items()}


def _one_picture(vectors: ProductVectors, rng: np.random.Generator) -> NDArray[np.float32] | None:
    if vectors.pictures:
        return vectors.pictures[int(rng.integers(len(vectors.pictures)))].vector
    return vectors.image


def _unrelated_pairs(
    queries: Mapping[int, NDArray[np.float32]],
    products: Mapping[int, NDArray[np.float32]],
    centred: bool,
) -> UnrelatedPairs:
    """Return the cosines of all pairs but those within one product, above each query's offset."""
    if not queries or not products:
        return UnrelatedPairs(np.empty(0), 0.0, None)
    query_rows = np.stack(list(queries.values())).astype(np.float64)
    product_rows = np.stack(list(products.values())).astype(np.float64)
    values, centre = query_rows @ product_rows.T, product_rows.mean(axis=0)
    own = np.array(list(queries))[:, None] == np.array(list(products))[None, :]
    if own.all():
        return UnrelatedPairs(np.empty(0), 0.0, None)
    low = float(np.median(values[~own]))
    if not centred:
        return UnrelatedPairs(values[~own] - low, low, None)
    return UnrelatedPairs((values - (query_rows @ centre)[:, None])[~own], low, centre)
