"""The evaluation sets of bench/alignment.py: pictures as features (cached), and their texts."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from encoders.pictures import decode
from encoders.protocol import ImageEncoder, Vectors
from learn.align.pairs import Saying

ROOT = Path(__file__).parents[1]
DATA = ROOT / ".." / "shared" / "data"
CACHE = ROOT / "bench" / "out" / "alignment"
SKIPPED = ("Gear", "Collections", "Promotions", "Erin", "New", "Performance", "Eco")
BATCH = 32


@dataclass(frozen=True, slots=True)
class Shown:
    """A luma product with pictures.

    Args:
        title: Its name.
        said: What is said of it.
        pictures: Paths below the data folder, each once.
        values: Attribute values.
    """

    title: str
    said: tuple[Saying, ...]
    pictures: tuple[str, ...]
    values: tuple[str, ...]


def clothing() -> tuple[list[str], NDArray[np.int64], list[str]]:
    """Return paths below the data folder, class of each, class names in order."""
    paths = sorted(
        str(p.relative_to(DATA)) for p in DATA.glob("clothing/*/*") if p.suffix == ".jpg"
    )
    names = sorted({p.split("/")[1] for p in paths})
    return paths, np.array([names.index(p.split("/")[1]) for p in paths]), names


def luma() -> list[Shown]:
    """Return the products of luma that have a picture."""
    lines = (DATA / "luma" / "products.jsonl").read_text(encoding="utf-8").splitlines()
    return [s for line in lines if (s := _shown(json.loads(line))).pictures]


def _shown(row: dict[str, object]) -> Shown:
    by_colour, others = row["images_by_color"], row["other_images"]
    assert isinstance(by_colour, dict)
    assert isinstance(others, list)
    paths = [f"luma/{p}" for group in [*by_colour.values(), others] for p in group]
    title, text = html.unescape(str(row["name"])), str(row["description"] or "")[:200]
    categories = row["categories"]
    assert isinstance(categories, list)
    kinds = [c.replace("/", " ") for c in categories if not c.startswith(SKIPPED)]
    said = [Saying(title, "title"), *(Saying(k, "category", 1 / len(kinds)) for k in kinds)]
    if text:
        said.append(Saying(text, "description", 0.5))
    attributes = row["attributes"]
    assert isinstance(attributes, dict)
    wanted = ("material", "pattern", "style_general", "style_bottom", "style_bags", "gender")
    found = [attributes[k] for k in wanted if k in attributes]
    values = [v for one in found for v in (one if isinstance(one, list) else [one])]
    return Shown(
        title,
        tuple(said),
        tuple(dict.fromkeys(paths)),
        (*[k.split()[-1] for k in kinds], *by_colour, *map(str, values)),
    )


def features(paths: Sequence[str], name: str, encoder: ImageEncoder) -> Vectors:
    """Return float32 (n, d) of an encoder, read from the cache where they are there."""
    kept = CACHE / f"{name}-{encoder.card.digest}.npy"
    if kept.exists():
        return np.asarray(np.load(kept), dtype=np.float32)
    parts = []
    for start in range(0, len(paths), BATCH):
        contents = [(DATA / p).read_bytes() for p in paths[start : start + BATCH]]
        parts.append(encoder.encode_products([decode(c, encoder.size) for c in contents]))
    CACHE.mkdir(parents=True, exist_ok=True)
    np.save(kept, np.concatenate(parts))
    return np.concatenate(parts)
