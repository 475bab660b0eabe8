"""A few hundred products with made-up vectors, some lacking each kind, and what they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from encoders.picture_size import PictureSize, Pixels
from encoders.registry import load_text_encoder
from mappings.blend import Blend
from mappings.calibration import Affine, Calibration, Saturation
from mappings.errors import InputError
from mappings.identity import ModelIdentity
from mappings.product import Product, parse_product
from mappings.schema import Schema
from mappings.vectors import PictureVector, ProductVectors
from query.model.profiles import DEFAULT

DIM = 32
COUNT = 300
IDENTITY = ModelIdentity("hash", "fake", "none", "even", DIM, "none")
CALIBRATION = Calibration(
    {
        "lexical": Saturation(6.0),
        "text": Affine(0.0, 0.6),
        "image": Affine(-0.05, 0.5),
        "attribute": Affine(0.02, 0.7),
        "coherence": Affine(-0.1, 0.4),
        "picture_image": Affine(0.0, 0.8),
        "picture_attribute": Affine(0.0, 0.5),
    }
)
BLEND = Blend.of(DEFAULT.weights, CALIBRATION)
COLOURS = (("红色", "red"), ("蓝色", "blue"), ("黑色", "black"), ("白色", "white"))
KINDS = (("连衣裙", "dress"), ("运动鞋", "sneakers"), ("手提包", "handbag"))
WORDS = load_text_encoder(f"hash:{DIM}")


class FakeImages:
    """Takes the bytes for words: enough of an image encoder to know what must come out."""

    size = PictureSize(8)

    @property
    def card(self) -> Any:
        return WORDS.card

    def encode_query(self, items: Sequence[Pixels]) -> NDArray[np.float32]:
        return WORDS.encode_query([bytes(p.ravel().tolist()).decode() for p in items])

    def encode_products(self, items: Sequence[Pixels]) -> NDArray[np.float32]:
        return self.encode_query(items)


class FakeDecoder:
    """Hands the bytes on as pixels; refuses what says so."""

    def decode_many(
        self, contents: Sequence[bytes], size: PictureSize, boxes: Any = None
    ) -> Sequence[Pixels | InputError]:
        return [
            InputError("The picture cannot be read.", "Send another.")
            if content == b"broken"
            else np.frombuffer(content, np.uint8)
            for content in contents
        ]


@dataclass(frozen=True, slots=True)
class Shop:
    """Products and vectors, in the order of their ids."""

    products: tuple[Product, ...]
    vectors: tuple[ProductVectors, ...]

    @property
    def ids(self) -> list[str]:
        return [p.id for p in self.products]

    def column(self, name: str) -> NDArray[np.float32]:
        """A vector column, NaN where a product lacks it."""
        none = np.full(DIM, np.nan, np.float32)
        rows = [getattr(v, name) for v in self.vectors]
        return np.stack([none if r is None else r for r in rows])

    @property
    def coherence(self) -> NDArray[np.float64]:
        values = [v.coherence for v in self.vectors]
        return np.array([np.nan if c is None else c for c in values])

    @property
    def pictures(self) -> list[NDArray[np.float32]]:
        return [
            np.stack([p.vector for p in v.pictures])
            if v.pictures
            else np.empty((0, DIM), np.float32)
            for v in self.vectors
        ]

    def documents(self, schema: Schema) -> Mapping[str, dict[str, Any]]:
        return {
            p.id: schema.document(p, v, order=1, content_hash="h")
            for p, v in zip(self.products, self.vectors, strict=True)
        }


def shop(count: int = COUNT) -> Shop:
    """Every 7th product lacks the text vector, every 5th the picture, every 6th attributes; every
    4th has no pictures one by one; the last 20 are twins of one another."""
    products, vectors = [], []
    for n in range(count):
        twin = n >= count - 20
        zh, en = COLOURS[0 if twin else n % 4]
        kind_zh, kind_en = KINDS[0 if twin else (n // 4) % 3]
        title = f"{zh}{kind_zh} {en} {kind_en}" + ("" if twin else f" model {n % 17}")
        products.append(_product(n, title, zh, kind_en, twin))
        vectors.append(_vectors(0 if twin else n, title, zh, f"{en} {kind_zh}", twin))
    return Shop(tuple(products), tuple(vectors))


def _product(n: int, title: str, colour: str, kind: str, twin: bool) -> Product:
    record = {
        "id": f"p{n * 7919 % 1000:03d}-{n:03d}",
        "title": title,
        "brand": "Twin" if twin else f"Brand{n % 5}",
        "categories": [f"Shop/{kind}"],
        "price": 50.0 if twin else 10.0 + n,
        "attributes": {"颜色": [colour]},
    }
    return parse_product(record)


def _vectors(n: int, title: str, colour: str, seen: str, twin: bool) -> ProductVectors:
    image = None if not twin and n % 5 == 0 else _one(f"{seen} {n % 11}")
    attribute = None if not twin and n % 6 == 0 else _one(f"{colour} {n % 3}")
    shown = [] if not twin and n % 4 == 0 else [f"{seen} {n % 11} view {v}" for v in range(3)]
    return ProductVectors(
        text=None if not twin and n % 7 == 0 else _one(title),
        image=image,
        attribute=attribute,
        pictures=tuple(
            PictureVector(f"{n}/{v}.png", "main" if v == 0 else "detail", _one(words))
            for v, words in enumerate(shown)
        ),
        coherence=None if image is None or attribute is None else float(image @ attribute),
    )


def _one(text: str) -> NDArray[np.float32]:
    vector: NDArray[np.float32] = WORDS.encode_products([text])[0]
    return vector
