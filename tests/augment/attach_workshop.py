"""A shop's index that nothing is attached to yet, and all that a backfill needs, without models."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from augment_shop import PROPERTIES, document

from attach.backfill import Backfill, marks_of
from attach.guess import guess_columns
from attach.picture_records import PictureRecords
from attach.pictures import ShopPictures, open_pictures
from attach.reading import Endurance
from attach.vectors import Embedder
from encoders.attributes import AttributeWeights
from encoders.cache import VectorSpool
from encoders.image.hashed import HashImageEncoder
from encoders.projection import ProjectedImageEncoder, fit_ridge
from encoders.space import Space
from encoders.text.hashed import HashTextEncoder
from ingest.ledger.changes import Entry
from mappings.attach import Attachment, Mode, parallel_alias
from mappings.attach_in_place import add_columns
from mappings.attach_parallel import create_parallel, parallel_name
from mappings.attach_shop import read_shop
from mappings.calibration import Affine, Calibration, Saturation
from query.model.signals import NAMES

DIM = 16
_RNG = np.random.default_rng(3)
_PROJECTION = fit_ridge(
    _RNG.normal(size=(40, DIM)).astype(np.float32), _RNG.normal(size=(40, DIM)).astype(np.float32),
    source_space=f"hash-image-{DIM}", target_space=f"hash-text-{DIM}", seed=3,
)  # fmt: skip
SPACE = Space(
    HashTextEncoder(DIM),
    ProjectedImageEncoder(HashImageEncoder(DIM), _PROJECTION),
    AttributeWeights(0, {}),
)
SCALES = Calibration({n: Saturation(3.0) if n == "lexical" else Affine(0.0, 1.0) for n in NAMES})
AT_ONCE = Endurance(seconds=0.2, pause=0.05)


class Meddler(Embedder):
    """Embeds as ever, and lets the shop do something while it does."""

    meddle: Callable[[Sequence[Entry]], None] | None = None

    def fill(self, entries: Sequence[Entry]) -> dict[str, dict[str, Any]]:
        made = Embedder.fill(self, entries)
        if self.meddle is not None:
            self.meddle(entries)
        return made


def open_shop(
    client: Any,
    name: str,
    count: int,
    properties: Mapping[str, Any] = PROPERTIES,
    **settings: Any,
) -> None:
    """The shop's own index, as the shop made it."""
    index = {"number_of_shards": 2, "knn": True} | settings
    client.indices.create(
        index=name,
        body={
            "settings": {"index": index},
            "mappings": {"_meta": {"owner": "the shop"}, "properties": properties},
        },
    )
    if count:
        shop_writes(client, name, {n: document(n) for n in range(count)})


def shop_writes(client: Any, name: str, documents: dict[int, dict[str, Any]]) -> None:
    """Whole documents, written as shops do: without a look at what is there."""
    lines: list[dict[str, Any]] = []
    for n, found in documents.items():
        lines += [{"index": {"_index": name, "_id": f"p{n:04d}"}}, found]
    reply = client.bulk(body=lines, refresh=True)
    assert not reply["errors"]


def begin(client: Any, name: str, mode: Mode) -> Attachment:
    """What `shelfsight attach` does before it fills."""
    shop = read_shop(client, name)
    made = Attachment(
        mode, shop.name, shop.asked, shop.name, shop.uuid, SPACE.identity, SCALES,
        guess_columns(shop.mapping),
    )  # fmt: skip
    if mode == "in_place":
        return add_columns(client, shop, made)
    index = parallel_name(shop, SPACE.identity.digest, 1)
    made = replace(made, index=index, target=parallel_alias(name))
    create_parallel(client, shop, made)
    return made


def backfill(
    client: Any,
    attached: Attachment,
    folder: Path,
    *,
    meddle: Callable[[Sequence[Entry]], None] | None = None,
    endurance: Endurance = AT_ONCE,
    root: Path | None = None,
    drop_lost: bool = False,
) -> Backfill:
    """What fills it."""
    from encoders.pictures import PictureDecoder

    path = folder / "pictures.sqlite"
    pictures = open_pictures(client, attached, root, path, drop_lost=drop_lost)
    embedder = Meddler(
        SPACE, VectorSpool(folder / "spool"), attached.reserved, pictures, PictureDecoder
    )
    embedder.meddle = meddle
    shards = read_shop(client, attached.source).shards
    marks = marks_of(attached, folder / "marks")
    return Backfill(client, attached, embedder, marks, shards, endurance)


def sources(client: Any, index: str) -> dict[str, dict[str, Any]]:
    """Every document's source by id."""
    client.indices.refresh(index=index)
    found = client.search(index=index, body={"size": 10_000})["hits"]["hits"]
    return {h["_id"]: h["_source"] for h in found}


def without_ours(source: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in source.items() if k != "shelfsight"}


def expected_content(attached: Attachment, folder: Path, sources: dict[str, Any]) -> dict[str, str]:
    """The hash that each document's vectors must have been made from."""
    from attach.products import product_of
    from encoders.pictures import PictureDecoder
    from mappings.product import Product

    records = PictureRecords(folder / "other.sqlite")
    pictures = ShopPictures(None, records, set, drop_lost=True)
    embedder = Embedder(
        SPACE, VectorSpool(folder / "other"), attached.reserved, pictures, PictureDecoder
    )
    products = {}
    for product_id, source in sources.items():
        product = product_of(source, attached.columns)
        assert isinstance(product, Product), product
        products[product_id] = product
    return {entry.id: entry.content for entry in embedder.entries(products)}
