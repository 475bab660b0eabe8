"""Calibration measured: what each signal says of pairs that have nothing to do with each other."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from encoders.protocol import TextEncoder
from mappings.calibration import Affine, Calibration, Raw, Saturation
from mappings.connection import node_errors
from mappings.schema import DELETED
from mappings.vectors import ProductVectors
from query.intent import script_of
from query.lexical import lexical_query
from query.request import MAX_TEXT, plain_text
from query.signals import WORDS, Lexical

PSEUDO = 200
OTHERS = 2_000
FEWEST_PAIRS = 100
LOW, HIGH = 50.0, 99.9
NARROWEST = 1e-3

# Before anything is measured: cosines between 0 and 1, BM25 of a good hit about 10.
DEFAULT_SCALES: dict[str, Affine | Saturation | Raw] = {
    "lexical": Saturation(10.0),
    **{
        name: Affine(0.0, 1.0)
        for name in (
            "text", "image", "attribute", "picture_image", "picture_attribute", "coherence",
        )
    },
}  # fmt: skip
_CJK_RUN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,}")
_WORD = re.compile(r"[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+(?:'[^\W\d_]+)?")


def estimate(
    encoder: TextEncoder, titles: Sequence[str], vectors: Sequence[ProductVectors], *, seed: int
) -> Calibration:
    """Return the scales of all signals, measured on a sample of the catalogue.

    Pseudo-queries are titles cut to 2-6 terms and encoded as queries; a picture signal's are the
    products' own pictures. Each meets other products at random: low is the median, high the
    99.9th percentile. Coherence is measured between pictures and attributes of different
    products. A signal with too few pairs, and BM25, get their default.

    Args:
        encoder: The text encoder of the space.
        titles: The sample's titles.
        vectors: The sample's vectors, in the same order; each float32 (d,) or ``None``.
        seed: Of all that is drawn.
    """
    rng = np.random.default_rng(seed)
    sample = rng.permutation(len(titles))[: max(PSEUDO, OTHERS)]
    asked = [int(i) for i in sample[:PSEUDO]]
    cut = [pseudo_query(titles[i], rng) for i in asked]
    texts = [i for i, words in zip(asked, cut, strict=True) if words]
    queries = dict(zip(texts, encoder.encode_query([w for w in cut if w]), strict=True))
    pictures = {i: _one_picture(vectors[i], rng) for i in asked}
    columns = {
        name: {int(i): v for i in sample if (v := getattr(vectors[int(i)], name)) is not None}
        for name in ("text", "image", "attribute")
    }
    uploads = {i: v for i, v in pictures.items() if v is not None}
    coherent = {i: v for i, v in columns["image"].items() if i in set(asked)}
    pairs = {
        "text": (queries, columns["text"]),
        "image": (queries, columns["image"]),
        "attribute": (queries, columns["attribute"]),
        "picture_image": (uploads, columns["image"]),
        "picture_attribute": (uploads, columns["attribute"]),
        "coherence": (coherent, columns["attribute"]),
    }
    measured = {name: _scale(_unrelated(*sides)) for name, sides in pairs.items()}
    kept = {name: scale for name, scale in measured.items() if scale is not None}
    return Calibration(DEFAULT_SCALES | kept)


def pseudo_query(title: str, rng: np.random.Generator) -> str:
    """Return 2-6 neighbouring terms of a title: words, or as many pairs of Chinese characters.

    Empty when the title has fewer than two terms.
    """
    plain = plain_text(title)[:MAX_TEXT]
    choices: list[str] = []
    wanted = int(rng.integers(2, 7))
    words = _WORD.findall(plain)
    if len(words) >= 2:
        start = int(rng.integers(0, max(1, len(words) - wanted + 1)))
        choices.append(" ".join(words[start : start + wanted]))
    if runs := [r for r in _CJK_RUN.findall(plain) if len(r) >= 4]:
        run = runs[int(rng.integers(len(runs)))]
        start = int(rng.integers(0, max(1, len(run) - 2 * wanted + 1)))
        choices.append(run[start : start + 2 * wanted])
    return choices[int(rng.integers(len(choices)))] if choices else ""


def estimate_lexical(
    client: Any,  # noqa: ANN401 - opensearchpy.OpenSearch
    index: str,
    titles: Mapping[str, str],
    *,
    seed: int,
) -> Saturation:
    """Return BM25's scale: c is the median top score of pseudo-queries, own product excluded.

    Args:
        client: The connection to the node.
        index: The live index; its documents must be searchable already.
        titles: Product id to title, at most 100 of which are used.
        seed: Of the cuts.

    Raises:
        NodeUnreachable: The node does not answer.
    """
    rng = np.random.default_rng(seed)
    ids = [str(i) for i in rng.permutation(sorted(titles))[:100]]
    lines: list[dict[str, Any]] = []
    for product in ids:
        words = pseudo_query(titles[product], rng)
        clause = lexical_query(Lexical(WORDS), words, script_of(words)) if words else None
        if clause:
            not_it = [{"ids": {"values": [product]}}, {"term": {DELETED.name: True}}]
            query = {"bool": {"must": [clause], "must_not": not_it}}
            lines += [{}, {"size": 1, "_source": False, "query": query}]
    if not lines:
        return Saturation(10.0)
    with node_errors("the node"):
        replies = client.msearch(index=index, body=lines)["responses"]
    tops = [r["hits"]["max_score"] for r in replies if r.get("hits", {}).get("max_score")]
    return Saturation(float(np.median(tops))) if tops else Saturation(10.0)


def for_euclidean(scale: Affine | Saturation | Raw) -> Affine | Saturation | Raw:
    """Return a cosine's scale carried over to the negative distance of unit vectors.

    ||q - v||^2 = 2 - 2 q.v for unit vectors, so quantiles carry over exactly.
    """
    if not isinstance(scale, Affine):
        return scale
    low, high = (-math.sqrt(max(0.0, 2.0 - 2.0 * end)) for end in (scale.low, scale.high))
    return Affine(low, max(high, low + NARROWEST), scale.clip)


def _one_picture(vectors: ProductVectors, rng: np.random.Generator) -> NDArray[np.float32] | None:
    if vectors.pictures:
        return vectors.pictures[int(rng.integers(len(vectors.pictures)))].vector
    return vectors.image


def _unrelated(
    queries: Mapping[int, NDArray[np.float32]], products: Mapping[int, NDArray[np.float32]]
) -> NDArray[np.float64]:
    """Return the cosines of all pairs but those within one product, float64 (n,)."""
    if not queries or not products:
        return np.empty(0)
    values = np.stack(list(queries.values())).astype(np.float64)
    values = values @ np.stack(list(products.values())).astype(np.float64).T
    own = np.array(list(queries))[:, None] == np.array(list(products))[None, :]
    return np.asarray(values[~own])


def _scale(values: NDArray[np.float64]) -> Affine | None:
    if len(values) < FEWEST_PAIRS:
        return None
    low, high = (float(x) for x in np.percentile(values, [LOW, HIGH]))
    return Affine(low, max(high, low + NARROWEST))
