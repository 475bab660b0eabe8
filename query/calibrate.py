"""Calibration measured: what each signal says of pairs that have nothing to do with each other."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from encoders.adapter import QueryAdapter
from encoders.protocol import TextEncoder
from mappings.calibration import Affine, Calibration, Centred, Raw, Saturation, Worded, pack
from mappings.vectors import ProductVectors
from query.input_limits import MAX_TEXT, plain_text

PSEUDO = 200
OTHERS = 2_000
FEWEST_PAIRS = 100
HIGH = 99.9
NARROWEST = 1e-3
HEADROOM = 2.0
"""What chance hardly ever reaches is a half: above it there is room for what is certain."""

# Before anything is measured: cosines between 0 and 1, BM25 of a good hit about 10.
DEFAULT_SCALES: dict[str, Affine | Saturation | Raw] = {
    "lexical": Worded(0.0, 20.0, True, 4.0, 3.0, 0.75),
    **{
        name: Affine(0.0, 1.0, clip=True)
        for name in (
            "text", "image", "attribute", "picture_image", "picture_attribute", "coherence",
            "agreement",
        )
    },
}  # fmt: skip
_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_CJK_RUN = re.compile(f"[{_CJK}]{{2,}}")
_WORD = re.compile(rf"[^\W{_CJK}]+(?:'[^\W\d_]+)?")
_CHARACTER = re.compile(f"[{_CJK}]")


@dataclass(frozen=True, slots=True)
class Measured:
    """What a signal says of unrelated pairs.

    Args:
        above: By how much each pair lies above its query's foot, float64 (pairs,).
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
    found = measure(encoder, titles, vectors, seed=seed, adapter=adapter)
    return Calibration(DEFAULT_SCALES | {n: s for n, m in found.items() if (s := m.scale)})


def measure(
    encoder: TextEncoder,
    titles: Sequence[str],
    vectors: Sequence[ProductVectors],
    *,
    seed: int,
    adapter: QueryAdapter | None = None,
) -> dict[str, Measured]:
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
    asked = [int(i) for i in sample[:PSEUDO]]
    cut = [pseudo_query(titles[i], rng) for i in asked]
    texts = [i for i, words in zip(asked, cut, strict=True) if words]
    words = [w for w in cut if w]
    rows = encoder.encode_query(words)
    queries = dict(zip(texts, rows, strict=True))
    moved = adapter.asked(rows) if adapter else rows
    seen = dict(zip(texts, moved, strict=True))
    pictures = {i: _one_picture(vectors[i], rng) for i in asked}
    columns = {
        name: {int(i): v for i in sample if (v := getattr(vectors[int(i)], name)) is not None}
        for name in ("text", "image", "attribute")
    }
    uploads = {i: v for i, v in pictures.items() if v is not None}
    coherent = {i: v for i, v in columns["image"].items() if i in set(asked)}
    pairs = {
        "text": (queries, columns["text"]),
        "image": (seen, columns["image"]),
        "attribute": (queries, columns["attribute"]),
        "picture_image": (uploads, columns["image"]),
        "picture_attribute": (uploads, columns["attribute"]),
        "coherence": (coherent, columns["attribute"]),
    }
    return {name: _measured(*sides, name != "coherence") for name, sides in pairs.items()}


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


def count_words(text: str) -> tuple[int, int]:
    """Return how many words in letters or digits a text has, and how many CJK characters."""
    return len(_WORD.findall(text)), len(_CHARACTER.findall(text))


def for_query(
    scale: Affine | Saturation | Raw, query: NDArray[np.float32] | None, text: str
) -> Affine | Saturation | Raw:
    """Return the scale as it is for one query.

    Args:
        scale: The index's.
        query: The vector that the signal compares, float32 (d,).
        text: The query's words.

    Raises:
        InputError: The vector has another length than the scale's centre.
    """
    if isinstance(scale, Worded):
        return scale.at(*count_words(text))
    if isinstance(scale, Centred) and query is not None:
        return scale.at(query)
    return scale


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


def _measured(
    queries: Mapping[int, NDArray[np.float32]],
    products: Mapping[int, NDArray[np.float32]],
    centred: bool,
) -> Measured:
    """Return the cosines of all pairs but those within one product, above each query's foot."""
    if not queries or not products:
        return Measured(np.empty(0), 0.0, None)
    asked = np.stack(list(queries.values())).astype(np.float64)
    held = np.stack(list(products.values())).astype(np.float64)
    values, centre = asked @ held.T, held.mean(axis=0)
    own = np.array(list(queries))[:, None] == np.array(list(products))[None, :]
    if own.all():
        return Measured(np.empty(0), 0.0, None)
    low = float(np.median(values[~own]))
    if not centred:
        return Measured(values[~own] - low, low, None)
    return Measured((values - (asked @ centre)[:, None])[~own], low, centre)
