"""The index body and the document that the node tests share."""

from typing import Any

import numpy as np

from mappings.blend import Blend
from mappings.body import render
from mappings.calibration import Affine, Calibration, Saturation
from mappings.identity import ModelIdentity
from mappings.product import parse_product
from mappings.schema import Schema
from mappings.vectors import PictureVector, ProductVectors

DIM = 8
IDENTITY = ModelIdentity("t", "i", "p", "a", DIM, "x")
CALIBRATION = Calibration({"lexical": Saturation(9.0), "text": Affine(0.7, 0.9)})
SCHEMA = Schema(DIM, Blend.of({"text": 1.0}, CALIBRATION))
UNIT = np.full(DIM, DIM**-0.5, np.float32)
SHOES = {
    "id": "1",
    "title": "运动鞋 Women's running shoes",
    "brand": "耐克 Nike",
    "price": 59.9,
    "attributes": {"color": ["red", "白色"]},
}


def body() -> dict[str, Any]:
    return render(SCHEMA, IDENTITY, CALIBRATION)


def document(**changes: Any) -> dict[str, Any]:
    vectors = ProductVectors(UNIT, UNIT, UNIT, (PictureVector("a.jpg", "main", UNIT),), 0.5)
    return SCHEMA.document(parse_product(SHOES | changes), vectors, order=1, content_hash="h")
