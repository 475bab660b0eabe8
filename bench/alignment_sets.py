"""The evaluation sets of bench/alignment.py: pictures as features (cached), and their texts."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from encoders.pictures import decode
from encoders.protocol import ImageEncoder, Vectors
from mappings.product import Product

ROOT = Path(__file__).parents[1]
DATA = ROOT / ".." / "shared" / "data"
CACHE = ROOT / "bench" / "out" / "alignment"
TOLD = (
    "material", "pattern", "style_general", "style_bottom", "style_bags", "gender", "climate",
    "activity", "sleeve", "collar",
)  # fmt: skip
SKIPPED = ("Gear", "Collections", "Promotions", "Erin", "New", "Performance", "Eco")
BATCH = 32


def clothing() -> tuple[list[str], NDArray[np.int64], list[str]]:
    """Return paths below the data folder, class of each, class names in order."""
    paths = sorted(
        str(p.relative_to(DATA)) for p in DATA.glob("clothing/*/*") if p.suffix == ".jpg"
    )
    names = sorted({p.split("/")[1] for p in paths})
    return paths, np.array([names.index(p.split("/")[1]) for p in paths]), names


def luma() -> list[Product]:
    """Return the products of luma that have a picture, their paths below the data folder."""
    lines = (DATA / "luma" / "products.jsonl").read_text(encoding="utf-8").splitlines()
    return [s for line in lines if (s := _shown(json.loads(line))).pictures]


def _shown(row: dict[str, Any]) -> Product:
    by_colour = row["images_by_color"]
    paths = [f"luma/{p}" for group in [*by_colour.values(), row["other_images"]] for p in group]
    attributes = {k: row["attributes"][k] for k in TOLD if k in row["attributes"]}
    if by_colour:
        attributes["color"] = list(by_colour)
    return Product.model_validate(
        {
            "id": row["sku"],
            "title": html.unescape(row["name"]),
            "description": row["description"] or "",
            "categories": [c for c in row["categories"] if not c.startswith(SKIPPED)],
            "attributes": attributes,
            "pictures": [{"path": p} for p in dict.fromkeys(paths)],
        }
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
