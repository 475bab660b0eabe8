"""A small real shop for the API's tests: real documents, real node, hash encoders."""

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from unhurried import PATIENT, UNHURRIED

from encoders.image.hashed import HashImageEncoder
from encoders.picture_decoder import PictureDecoder
from encoders.pictures import QUESTION_LIMITS, PictureRefused
from encoders.protocol import unit_rows
from encoders.text.hashed import HashTextEncoder
from mappings.body import render
from mappings.calibration import Affine, Calibration, Saturation
from mappings.identity import ModelIdentity
from mappings.index import create
from mappings.product import parse_product
from mappings.schema import Schema
from mappings.vectors import PictureVector, ProductVectors
from query.engine import SearchEngine
from query.model.signals import NAMES

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

DIM = 32
COLOURS = {"red": (200, 20, 20), "white": (245, 245, 245), "blue": (20, 30, 200)}
ZH = {"red": "红色", "white": "白色", "blue": "蓝色", "shoes": "运动鞋", "dress": "连衣裙"}
CALIBRATION = Calibration(
    {name: Saturation(3.0) if name == "lexical" else Affine(0.0, 1.0) for name in NAMES}
)


def picture(colour: str, edge: int = 48) -> bytes:
    from PIL import Image

    image = Image.new("RGB", (edge, edge), "white")
    image.paste(COLOURS[colour], (edge // 6, edge // 6, edge - edge // 6, edge - edge // 6))
    kept = io.BytesIO()
    image.save(kept, "PNG")
    return kept.getvalue()


@dataclass(frozen=True, slots=True)
class Shop:
    alias: str
    identity: ModelIdentity
    text: HashTextEncoder
    image: HashImageEncoder
    uploads: PictureDecoder

    def engine(self, client: "OpenSearch", identity: ModelIdentity | None = None) -> SearchEngine:
        return SearchEngine(
            client,
            self.alias,
            identity or self.identity,
            text=self.text,
            image=self.image,
            decoder=self.uploads,
            patience=PATIENT,
            budget=UNHURRIED,
            cursor_key=b"of every engine of this shop",
        )


def open_shop(client: "OpenSearch", alias: str) -> Shop:
    """Create the index and fill it: shoes and dresses in three colours, two brands, two prices."""
    text, image = HashTextEncoder(DIM), HashImageEncoder(DIM)
    identity = ModelIdentity(text.card.digest, image.card.digest, "", "a", DIM, image.size.digest)
    shop = Shop(alias, identity, text, image, PictureDecoder(QUESTION_LIMITS))
    create(client, alias, identity, render(Schema(DIM), identity, CALIBRATION))
    for number, (colour, kind, brand) in enumerate(
        (c, k, b) for c in COLOURS for k in ("shoes", "dress") for b in ("Nike", "耐克")
    ):
        record = {
            "id": f"{kind}-{colour}-{brand}",
            "title": f"{ZH[colour]}{ZH[kind]} {colour} {kind}",
            "brand": brand,
            "price": 10.0 * (number + 1),
            "attributes": {"color": colour, "颜色": ZH[colour]},
        }
        client.index(index=alias, id=record["id"], body=_document(shop, record, colour))
    client.indices.refresh(index=alias)
    return shop


def _document(shop: Shop, record: dict[str, Any], colour: str) -> dict[str, Any]:
    title = shop.text.encode_products([record["title"]])[0]
    (pixels,) = shop.uploads.decode_many([picture(colour)], shop.image.size)
    assert not isinstance(pixels, PictureRefused)
    shown = shop.image.encode_products([pixels])[0]
    attribute = unit_rows(
        np.sum(shop.text.encode_products(list(record["attributes"].values())), axis=0)[None]
    )[0]
    vectors = ProductVectors(
        title,
        shown,
        attribute,
        (PictureVector(f"{colour}.png", "main", shown),),
        float(shown @ attribute),
    )
    return Schema(DIM).document(parse_product(record), vectors, order=1, content_hash="h")
