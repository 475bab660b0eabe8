"""A shop's own index in its own words, with vectors attached in place, and words made of hashes."""

import random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from encoders.registry import load_text_encoder
from mappings.attach import Attachment, write_attachment
from mappings.attach_fields import ProductColumns
from mappings.attached_columns import AttachedColumns
from mappings.calibration import Affine, Calibration, Saturation
from mappings.identity import ModelIdentity
from mappings.vectors import ProductVectors
from query.encode.query_vectors import QueryVectors

DIM = 16
COUNT = 400
IDENTITY = ModelIdentity("hash", "hash", "", "even", DIM, "none")
CALIBRATION = Calibration(
    {
        "lexical": Saturation(3.0),
        "text": Affine(0.0, 0.7),
        "image": Affine(-0.1, 0.6),
        "attribute": Affine(0.0, 0.8, clip=True),
        "coherence": Affine(-0.2, 0.5),
        "picture_image": Affine(0.0, 0.9),
        "picture_attribute": Affine(0.0, 0.9),
    }
)
WORDS = load_text_encoder(f"hash:{DIM}")
COLOURS = ("red", "blue", "green", "black")
KINDS = ("dress", "shirt", "lamp", "chair", "watch")
STUFFS = ("cotton", "oak", "steel", "wool")
PROPERTIES: dict[str, Any] = {
    "title": {"type": "text", "analyzer": "english", "fields": {"raw": {"type": "keyword"}}},
    "description": {"type": "text"},
    "brand": {"type": "keyword"},
    "categories": {"type": "keyword"},
    "tags": {"type": "keyword"},
    "price": {"type": "scaled_float", "scaling_factor": 100},
    "stock": {"type": "integer"},
    "active": {"type": "boolean"},
    "created": {"type": "date"},
    "rating": {"type": "half_float"},
    "group": {"type": "keyword"},
    "pop": {"type": "rank_feature"},
    "place": {"type": "geo_point"},
    "suggest": {"type": "completion"},
    "variants": {
        "type": "nested",
        "properties": {
            "colour": {"type": "keyword"},
            "size": {"type": "keyword"},
            "price": {"type": "float"},
            "name": {"type": "text"},
        },
    },
}


def document(n: int) -> dict[str, Any]:
    """One product of the shop's; some lack what others have."""
    rng = random.Random(n)
    colour, kind, stuff = rng.choice(COLOURS), rng.choice(KINDS), rng.choice(STUFFS)
    found: dict[str, Any] = {
        "title": f"{colour} {stuff} {kind} model {n % 23}",
        "description": f"A {kind} made of {stuff}, number {n}, for every day.",
        "brand": f"brand{rng.randrange(6)}",
        "categories": [kind, f"{kind}s/{stuff}"],
        "tags": rng.sample(["new", "sale", "eco", "gift"], rng.randrange(4)),
        "price": round(rng.uniform(5, 200), 2),
        "stock": rng.randrange(20),
        "active": rng.random() < 0.8,
        "created": f"2025-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}",
        "group": f"g{n // 3}",
        "pop": rng.uniform(0.1, 9.0),
        "place": {"lat": rng.uniform(40, 50), "lon": rng.uniform(0, 10)},
        "suggest": f"{colour} {kind}",
        "variants": [
            {
                "colour": rng.choice(COLOURS),
                "size": rng.choice("SML"),
                "price": round(rng.uniform(5, 200), 2),
                "name": f"{rng.choice(COLOURS)} {kind}",
            }
            for _ in range(rng.randrange(4))
        ],
    }
    if rng.random() < 0.7:
        found["rating"] = rng.randrange(1, 6)
    return found


def vectors_of(n: int) -> ProductVectors:
    """What encoders could have made of a product; every 7th lacks its text's, and so on."""
    found = document(n)
    colour, stuff, kind = found["title"].split()[:3]
    image = None if n % 5 == 0 else one(f"{colour} {kind}")
    attribute = None if n % 6 == 0 else one(f"{colour} {stuff}")
    both = image is not None and attribute is not None
    return ProductVectors(
        None if n % 7 == 0 else one(found["title"]),
        image,
        attribute,
        coherence=float(image @ attribute) if both else None,  # type: ignore[operator] # both there
    )


def one(text: str) -> NDArray[np.float32]:
    row: NDArray[np.float32] = WORDS.encode_products([text])[0]
    return row


def query_vectors(text: str = "", picture: str = "", seen: str = "") -> QueryVectors:
    return QueryVectors(*(one(said) if said else None for said in (text, picture, seen)))


def open_shop(client: Any, name: str, shards: int = 2) -> Attachment:
    """Create the index, fill it as the shop would, and attach vectors to it in place."""
    columns = AttachedColumns(DIM)
    client.indices.delete(index=name, ignore=404)
    client.indices.create(
        index=name,
        body={
            "settings": {"index": {"knn": True, "number_of_shards": shards}},
            "mappings": {"properties": PROPERTIES | columns.declare()},
        },
    )
    fill(client, name, [document(n) | {"shelfsight": columns.fill(vectors_of(n), "h")}
                        for n in range(COUNT)])  # fmt: skip
    return attach(client, name)


def fill(client: Any, name: str, documents: list[dict[str, Any]]) -> None:
    lines: list[dict[str, Any]] = []
    for n, found in enumerate(documents):
        lines += [{"index": {"_index": name, "_id": f"p{n:04d}"}}, found]
    reply = client.bulk(body=lines, refresh=True)
    assert not reply["errors"], [i for i in reply["items"] if "error" in i["index"]][:1]


def attach(client: Any, name: str) -> Attachment:
    live = client.indices.get(index=name)[name]
    made = Attachment(
        "in_place", name, name, name, live["settings"]["index"]["uuid"], IDENTITY, CALIBRATION,
        ProductColumns(title=("title",)), live["mappings"],
    )  # fmt: skip
    return write_attachment(client, made)
