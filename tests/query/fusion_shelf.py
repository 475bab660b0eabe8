"""5,000 small products with vectors near their words, and an index that holds them."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from query_shop import CALIBRATION, DIM, IDENTITY, WORDS, FakeDecoder, FakeImages
from unhurried import PATIENT, UNHURRIED

from encoders.protocol import unit_rows
from mappings.blend import Blend
from mappings.body import render
from mappings.calibration import Affine, Calibration
from mappings.index import create
from mappings.product import Product, parse_product
from mappings.schema import Schema
from mappings.vectors import ProductVectors
from query.engine import SearchEngine
from query.model.profiles import DEFAULT
from query.plan.budget import Depth

# As an index's own scales are: no calibrated value passes 1.
CLIPPED = Calibration(
    {
        name: replace(scale, clip=True) if isinstance(scale, Affine) else scale
        for name, scale in CALIBRATION.scales.items()
    }
)
COUNT = 5_000
TWINS = 40
# Of its own each time: sessions that share a node must not delete each other's index.
ALIAS = f"fusion-tests-{uuid.uuid4().hex[:8]}"
COLOURS = ("红色 red", "蓝色 blue", "黑色 black", "白色 white", "绿色 green")
KINDS = ("连衣裙 dress", "运动鞋 sneakers", "手提包 handbag", "帽子 hat")
MAKES = tuple(f"make{n}" for n in range(300))


@dataclass(frozen=True, slots=True)
class Shelf:
    """The products with their vectors, and the index's name."""

    products: dict[str, Product]
    vectors: dict[str, ProductVectors]
    index: str


def products() -> dict[str, tuple[Product, ProductVectors]]:
    """Most products are one of a kind; the last 40 are the same but for their ids."""
    rng = np.random.default_rng(11)
    made = {}
    for n in range(COUNT):
        twin = n >= COUNT - TWINS
        own = np.random.default_rng(0) if twin else rng
        title = f"{own.choice(COLOURS)} {own.choice(KINDS)}"
        title += "".join(f" {own.choice(MAKES)}" for _ in range(int(own.integers(1, 4))))
        record = {
            "id": f"f{n * 7919 % 10_007:05d}",
            "title": title,
            "brand": "Twin" if twin else f"Brand{n % 7}",
            "categories": [f"Shop/{title.split()[3]}"],
            "price": 20.0 if twin else float(own.integers(5, 500)),
            "group": f"g{n // 3:04d}",
            "attributes": {"颜色": [title.split()[0]]},
        }
        product = parse_product(record)
        made[product.id] = (product, _vectors(title, own, twin))
    return made


def _vectors(title: str, rng: np.random.Generator, twin: bool) -> ProductVectors:
    words = WORDS.encode_products([title])[0]
    text, image, attribute = (
        unit_rows((words + rng.normal(size=DIM) * noise)[None].astype(np.float32))[0]
        for noise in (0.08, 0.15, 0.2)
    )
    lacks = None if twin else int(rng.integers(0, 8))
    return ProductVectors(
        text=None if lacks == 0 else text,
        image=None if lacks == 1 else image,
        attribute=None if lacks == 2 else attribute,
        coherence=None if lacks in (1, 2) else float(image @ attribute),
    )


@pytest.fixture(scope="session")
def fusion_shelf(client: Any) -> Iterator[Shelf]:
    """5,000 products behind an alias, one of them a tombstone that kept its words."""
    schema = Schema(DIM, Blend.of(DEFAULT.weights, CLIPPED))
    name = create(client, ALIAS, IDENTITY, render(schema, IDENTITY, CLIPPED))
    made = products()
    lines: list[dict[str, Any]] = []
    for key, (product, vectors) in made.items():
        document = schema.document(product, vectors, order=1, content_hash="h")
        lines += [{"index": {"_index": name, "_id": key}}, document]
    lines += [{"index": {"_index": name, "_id": "ghost"}}, lines[1] | {"deleted": True}]
    for start in range(0, len(lines), 2_000):
        assert not client.bulk(body=lines[start : start + 2_000])["errors"]
    client.indices.refresh(index=name)
    # One segment: its graph is walked the same way every time, whatever threads there are.
    client.indices.forcemerge(index=name, max_num_segments=1)
    client.indices.refresh(index=name)
    yield Shelf({k: p for k, (p, _) in made.items()}, {k: v for k, (_, v) in made.items()}, name)
    client.indices.delete(index=name)


@pytest.fixture(scope="session")
def fusion_engine(client: Any, fusion_shelf: Shelf) -> SearchEngine:
    """An engine whose exact window reaches as deep as the legs of the other fusions."""
    return SearchEngine(
        client,
        ALIAS,
        IDENTITY,
        text=WORDS,
        image=FakeImages(),
        decoder=FakeDecoder(),
        budget=replace(
            UNHURRIED, blend=Depth(800, 400, 900), legs=Depth(800, 400, 900), count_to=10_000
        ),
        patience=PATIENT,
    )


def column(shelf: Shelf, name: str) -> tuple[list[str], NDArray[np.float32]]:
    """The ids of the products that have a vector of that name, and the vectors."""
    having = [k for k, v in shelf.vectors.items() if getattr(v, name) is not None]
    return having, np.stack([getattr(shelf.vectors[k], name) for k in having])
