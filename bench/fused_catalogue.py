"""30,000 bilingual products with vectors, made from a seed, for the search benchmark.

What is real and what is made up: the titles are combined from a vocabulary; 2,500 of them, every
attribute value and every query are encoded by the real text model; the other titles' vectors are
an additive fit over the titles' parts plus noise of the fit's own residual size. A picture's
vector is the real vector of what can be seen (colour, pattern, kind) plus noise; an attribute
vector is the weighted sum of the values' real vectors, as at ingest.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.fused_words import (
    AUDIENCES,
    BRANDS,
    COLOURS,
    KINDS,
    MATERIALS,
    PATTERNS,
    SERIES,
    USES,
    Word,
)
from encoders.protocol import TextEncoder, unit_rows
from mappings.product import Product

Vectors = NDArray[np.float32]
REAL_TITLES = 2_500
PICTURE_NOISE = 0.25
EVERY_KIND = tuple((group, kind) for group, kinds in KINDS.items() for kind in kinds)


@dataclass(frozen=True, slots=True)
class Item:
    """One product's parts, before it is written as a title."""

    colour: Word
    material: Word
    pattern: Word
    audience: Word
    use: Word | None
    group: Word
    kind: Word
    brand: str
    series: str
    style: int
    price: float


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Products and their vectors, float32 (n, d) each; ``queries`` by kind with (m, d) vectors."""

    products: tuple[Product, ...]
    text: Vectors
    image: Vectors
    attribute: Vectors
    queries: tuple[tuple[str, str], ...]
    query_vectors: Vectors


def draw(count: int, seed: int) -> tuple[Item, ...]:
    """Return ``count`` items drawn from the vocabulary."""
    rng = np.random.default_rng(seed)

    def one(of: tuple[Any, ...], skew: float = 0.0) -> Any:  # noqa: ANN401
        weights = 1.0 / np.arange(1, len(of) + 1) ** skew
        return of[int(rng.choice(len(of), p=weights / weights.sum()))]

    return tuple(
        Item(
            one(COLOURS, 0.5), one(MATERIALS, 0.5), one(PATTERNS, 0.8), one(AUDIENCES, 0.3),
            one(USES) if rng.random() < 0.6 else None, *one(EVERY_KIND, 0.4),
            one(BRANDS, 0.7), one(SERIES, 0.3) if rng.random() < 0.4 else "",
            int(rng.integers(4)), float(np.round(np.exp(rng.normal(4.5, 0.8)), 2)),
        )
        for _ in range(count)
    )  # fmt: skip


def title(item: Item) -> str:
    """Return the item's title: Chinese, English, or both, as shops write them."""
    i, use_en, use_zh = item, item.use.en if item.use else "", item.use.zh if item.use else ""
    pattern = "" if i.pattern.en == "plain" else i.pattern.en
    pattern_zh = "" if i.pattern.en == "plain" else i.pattern.zh
    en = f"{i.audience.en} {i.colour.en} {pattern} {i.material.en} {i.kind.en} {use_en}"
    zh = f"{i.audience.zh}{i.colour.zh}{pattern_zh}{i.material.zh}{use_zh}{i.kind.zh}"
    words = {0: f"{zh} {en}", 1: f"{zh}", 2: f"{en}", 3: f"{en} {zh}"}[i.style]
    return " ".join(f"{i.brand} {i.series} {words}".split())


def product(number: int, item: Item) -> Product:
    """Return the item as a catalogue record; every attribute in both languages."""
    names = {
        "colour": item.colour.en, "颜色": item.colour.zh,
        "material": item.material.en, "材质": item.material.zh,
        "pattern": item.pattern.en, "图案": item.pattern.zh,
        "audience": item.audience.en, "适用": item.audience.zh,
    }  # fmt: skip
    return Product(
        id=f"p{number:06d}",
        title=title(item),
        description=f"{item.kind.en}, {item.pattern.en}. {item.kind.zh}，{item.pattern.zh}。",
        brand=item.brand,
        categories=(f"{item.group.en}/{item.kind.en}", f"{item.group.zh}/{item.kind.zh}"),
        price=item.price,
        currency="EUR",
        attributes={k: (v,) for k, v in names.items()},
    )


def queries(items: tuple[Item, ...], each: int, seed: int) -> tuple[tuple[str, str], ...]:
    """Return (kind, text) of ``each`` queries of six kinds, drawn from the vocabulary."""
    rng = np.random.default_rng(seed)
    named = [i for i in items if i.series]
    found: list[tuple[str, str]] = []
    for _ in range(each):
        i = items[int(rng.integers(len(items)))]
        n = named[int(rng.integers(len(named)))]
        use = i.use or USES[int(rng.integers(len(USES)))]
        found += [
            ("zh short", i.kind.zh if rng.random() < 0.4 else f"{i.colour.zh}{i.kind.zh}"),
            ("en short", i.kind.en if rng.random() < 0.4 else f"{i.colour.en} {i.kind.en}"),
            ("zh long", f"适合{use.zh}的{i.audience.zh}{i.colour.zh}{i.material.zh}{i.kind.zh}"),
            (
                "en long",
                f"{i.audience.en} {i.colour.en} {i.material.en} {i.kind.en} {use.en}"
                f" under {int(i.price) + 10} euros",
            ),
            ("mixed", f"{i.brand} {i.colour.zh} {i.kind.en}"),
            ("rare word", f"{n.series} {n.kind.zh if rng.random() < 0.5 else n.kind.en}"),
        ]
    return tuple(found)


def load(count: int, encoder: TextEncoder, folder: Path, *, seed: int, each: int) -> Catalogue:
    """Return the catalogue, encoding only what ``folder`` does not hold yet."""
    items = draw(count, seed)
    asked = queries(items, each, seed + 1)
    titles = [title(i) for i in items]
    products = tuple(product(n, i) for n, i in enumerate(items))
    parts = [encoder.card.digest, count, seed, each, REAL_TITLES, PICTURE_NOISE, titles, asked]
    key = hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()[:16]
    path = folder / f"fused-{key}.npz"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(seed + 2)
        made = {
            "text": _texts(items, titles, encoder, rng),
            "image": _images(items, encoder, rng),
            "attribute": _attributes(products, encoder),
            "queries": encoder.encode_query([text for _, text in asked]),
        }
        with path.open("wb") as file:
            np.savez(file, **made)
    with np.load(path) as kept:
        return Catalogue(
            products, kept["text"], kept["image"], kept["attribute"], asked, kept["queries"]
        )


def _design(items: tuple[Item, ...]) -> NDArray[np.float64]:
    """Return the one-hot parts of the titles, float64 (n, parts)."""
    places: dict[tuple[str, Any], int] = {}
    rows = []
    for i in items:
        en, zh = i.style != 1, i.style != 2
        pairs: list[tuple[Any, str]] = [
            (i.colour, "c"),
            (i.material, "m"),
            (i.pattern, "p"),
            (i.audience, "a"),
        ]
        pairs += [(i.kind, "k"), (i.use, "u")]
        named: list[tuple[str, Any]] = [
            (f"{kind}{side}", word) for word, kind in pairs for side in (en, zh * 2)
        ]
        named += [("b", i.brand), ("style", i.style), ("named", bool(i.series))]
        named += [("kc", (i.kind, i.style))]
        rows.append([places.setdefault(name, len(places)) for name in named])
    design = np.zeros((len(items), len(places)))
    for row, columns in enumerate(rows):
        design[row, columns] = 1.0
    return design


def _texts(
    items: tuple[Item, ...], titles: list[str], encoder: TextEncoder, rng: np.random.Generator
) -> Vectors:
    real = np.asarray(rng.permutation(len(items))[:REAL_TITLES])
    known = encoder.encode_products([titles[i] for i in real]).astype(np.float64)
    design = _design(items)
    seen = design[real]
    gram = seen.T @ seen + 1.0 * np.eye(seen.shape[1])
    weights = np.linalg.solve(gram, seen.T @ known)
    residual = known - seen @ weights
    # Noise is a random mix of real residuals, so that it lies where real vectors vary.
    mix = rng.normal(size=(len(items), 16)) / 4.0
    drawn = rng.integers(len(residual), size=(len(items), 16))
    made = design @ weights
    for rows in np.array_split(np.arange(len(items)), max(1, len(items) // 10_000)):
        made[rows] += np.einsum("nk,nkd->nd", mix[rows], residual[drawn[rows]], optimize=True)
    made = unit_rows(made)
    made[real] = known
    return made


def _images(items: tuple[Item, ...], encoder: TextEncoder, rng: np.random.Generator) -> Vectors:
    distinct = sorted({(i.colour, i.kind) for i in items})
    base = dict(
        zip(distinct, encoder.encode_products([f"{c.en} {k.en}" for c, k in distinct]), strict=True)
    )
    patterns = dict(
        zip(PATTERNS, encoder.encode_products([f"{p.en} pattern" for p in PATTERNS]), strict=True)
    )
    rows = np.stack([base[i.colour, i.kind] + 0.4 * patterns[i.pattern] for i in items])
    noise = rng.normal(size=rows.shape) / np.sqrt(rows.shape[1])
    return unit_rows(unit_rows(rows) + PICTURE_NOISE * noise)


def _attributes(products: tuple[Product, ...], encoder: TextEncoder) -> Vectors:
    values = sorted({v for p in products for vs in p.attributes.values() for v in vs})
    vectors = dict(zip(values, encoder.encode_products(values), strict=True))
    counts: dict[str, int] = {}
    for p in products:
        for vs in p.attributes.values():
            for v in vs:
                counts[v] = counts.get(v, 0) + 1
    idf = {v: float(np.log(len(products) / n) + 1.0) for v, n in counts.items()}
    rows = [
        np.sum([idf[v] * vectors[v] for vs in p.attributes.values() for v in vs], axis=0)
        for p in products
    ]
    return unit_rows(np.stack(rows))
