"""Catalogues of every shape, drawn by hypothesis: what a space must be able to be fitted on."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from hypothesis import strategies as st

from encoders.cache import VectorSpool, content_key
from encoders.protocol import ImageEncoder, Vectors, unit_rows
from ingest.catalogue import Catalogue, open_catalogue

Titles = Literal["distinct", "alike", "half alike", "ids", "marks", "some", "long", "chinese"]
Some = Literal["none", "one", "each", "some", "first"]
Features = Literal["full", "flat", "two", "nearly alike", "zeros", "columns", "large"]
LONG = "a very long description of a thing that nobody reads to its end " * 200
WORDS = ("oak", "stool", "clay", "vase", "wool", "rug", "linen", "lamp", "steel", "clock")
MARIA, JOHN = "Maria", "John"


@dataclass(frozen=True)
class Shape:
    """What a drawn catalogue looks like.

    Args:
        pictures: How many pictures each product has.
        contents: How many different pictures there are in all; they are dealt in turn.
        titles: What the titles are like.
        categories: Which products have one, and whether it is the same one.
        attributes: The same for attributes.
        features: What the image encoder makes of the different pictures.
        lost: Of every so many pictures one cannot be read; 1 for all, 0 for none.
        seed: Of everything else.
    """

    pictures: tuple[int, ...]
    contents: int
    titles: Titles
    categories: Some
    attributes: Some
    features: Features
    lost: int
    seed: int


def shapes(least: int = 1, most: int = 40) -> st.SearchStrategy[Shape]:
    """Return catalogues of ``least`` to ``most`` products, most with 0 to 4 pictures each."""
    counts = st.integers(least, most)
    alike = st.tuples(counts, st.integers(1, 4)).map(lambda t: (t[1],) * t[0])
    mixed = st.lists(st.integers(0, 4), min_size=least, max_size=most).map(tuple)
    uneven = counts.map(lambda n: (20,) + (1,) * (n - 1))
    return st.builds(
        Shape,
        pictures=st.one_of(counts.map(lambda n: (1,) * n), alike, mixed, uneven),
        contents=st.sampled_from((1, 2, 7, 1_000, 1_001, 1_002)),
        titles=st.sampled_from(get_args(Titles)),
        categories=st.sampled_from(get_args(Some)),
        attributes=st.sampled_from(get_args(Some)),
        features=st.sampled_from(get_args(Features)),
        lost=st.sampled_from((0, 0, 0, 1, 2, 3)),
        seed=st.integers(0, 2**16),
    )


def write(shape: Shape, folder: Path) -> Catalogue:
    """Write the catalogue and its pictures, whose bytes are their numbers."""
    folder.mkdir()
    draw = np.random.default_rng(shape.seed)
    lines, place = [], 0
    for n, count in enumerate(shape.pictures):
        numbers = [(place + k) % shape.contents for k in range(count)]
        place += count
        lines.append(json.dumps(record(shape, n, numbers, draw), ensure_ascii=False))
    for number in range(min(place, shape.contents)):
        if not shape.lost or (number + 1) % shape.lost:
            (folder / f"{number}.png").write_bytes(content(number))
    (folder / "products.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return open_catalogue(folder)


def record(shape: Shape, n: int, pictures: list[int], draw: np.random.Generator) -> dict[str, Any]:
    """Return one product of the catalogue."""
    words = " ".join(draw.choice(WORDS, 3))
    titles: dict[Titles, str] = {
        "distinct": f"{(MARIA, JOHN)[n % 2]} {words} {n}", "alike": "item",
        "half alike": "item" if n % 2 else f"{words} {n}", "ids": f"{n:08d}",
        "marks": "?" * (n + 1), "some": "" if n % 2 else f"{words} {n}",
        "long": f"{words} {LONG}"[:490], "chinese": f"纯棉红色连衣裙{n}号",
    }  # fmt: skip
    found: dict[str, Any] = {"id": f"p{n}", "title": titles[shape.titles]}
    if shape.titles == "long":
        found["description"] = LONG
    if has(shape.categories, n):
        found["categories"] = ["WordNetNouns" if shape.categories == "one" else f"Kind {n % 3}"]
    if has(shape.attributes, n):
        found["attributes"] = {"colour": "red" if shape.attributes == "one" else f"c{n % 5}"}
    return found | {"pictures": [f"{number}.png" for number in pictures]}


def has(some: Some, n: int) -> bool:
    """Tell whether product ``n`` has what ``some`` products have."""
    return {"none": False, "one": True, "each": True, "some": n % 3 == 0, "first": n == 0}[some]


def content(number: int) -> bytes:
    """Return the bytes of a picture's file."""
    return b"picture %d" % number


def see(shape: Shape, encoder: ImageEncoder, spool: VectorSpool) -> Vectors:
    """Put the features of all pictures into the spool, as an earlier run leaves them there.

    Returns:
        float32 (contents, d).
    """
    count = max(1, min(shape.contents, sum(shape.pictures)))
    found = features(shape.features, count, encoder.card.dim, np.random.default_rng(shape.seed))
    keyed = {content_key(content(n)): row for n, row in enumerate(found)}
    spool.put_many(keyed, encoder.card.digest)
    return found


def features(kind: Features, count: int, d: int, draw: np.random.Generator) -> Vectors:
    """Return the features of ``count`` different pictures, float32 (count, d)."""
    rows = draw.normal(size=(count, d)) + 1.0
    if kind == "zeros":
        return np.zeros((count, d), dtype=np.float32)
    if kind == "large":
        return (1e3 * rows).astype(np.float32)
    if kind == "flat":
        rows[:] = rows[0]
    elif kind == "two":
        rows = rows[:2][np.arange(count) % min(2, count)]
    elif kind == "nearly alike":
        rows = rows[0] + 1e-7 * rows
    elif kind == "columns":
        rows[:, 2:] = 0.0
    return unit_rows(rows)
