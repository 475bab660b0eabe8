"""What a classifier sees becomes an attribute of the document, where it is asked for."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

from encoders.attributes import AttributeWeights
from encoders.image.object_class import object_classes
from encoders.projection import ProjectedImageEncoder, fit_ridge
from encoders.registry import load_image_encoder, load_text_encoder
from encoders.space import Space
from ingest.catalogue import open_catalogue
from ingest.feed import make_change
from ingest.options import WorkerOptions
from ingest.stages.documents import documents
from ingest.stages.embedding import embed_pictures, embed_texts
from ingest.worker_context import WorkerContext
from ingest.writer.target import Target
from mappings.connection import Connection
from mappings.schema import Schema

pytestmark = [pytest.mark.models, pytest.mark.data]


def sure_photos(folder: Path, space: Space) -> list[Path]:
    """Some photos of which the classifier is sure."""
    from encoders.pictures import decode

    assert isinstance(space.image, ProjectedImageEncoder)
    encoder, found = space.image.encoder, []
    for photo in sorted(folder.glob("*.jpg"))[:30]:
        rows = encoder.encode_products([decode(photo.read_bytes(), encoder.size)])
        if object_classes().names(rows):
            found.append(photo)
    return found[:2]


def test_the_object_is_an_attribute_beside_the_feeds_own(
    tmp_path: Path, evaluation_data: Path
) -> None:
    text = load_text_encoder("hash:32")
    image = load_image_encoder("efficientnet-lite2", threads=1, runtime="eager")
    draw = np.random.default_rng(0)
    projection = fit_ridge(
        draw.normal(size=(9, 1280)), draw.normal(size=(9, 32)), ridge=1.0,
        source_space=image.card.space, target_space=text.card.space,
    )  # fmt: skip
    space = Space(text, ProjectedImageEncoder(image, projection), AttributeWeights(1, {}))
    space.save(tmp_path / "space")
    first, second = sure_photos(evaluation_data / "clothing" / "pants", space)
    shop = tmp_path / "shop"
    shop.mkdir()
    shutil.copy(first, shop / "1.jpg")
    shutil.copy(second, shop / "2.jpg")
    (shop / "products.csv").write_text(
        "id,title,images,fit,object\na,trousers,1.jpg,slim,\nb,trousers,2.jpg,,own word\n"
    )
    options = WorkerOptions(
        broker_url="", connection=Connection("http://127.0.0.1:9"), alias="none",
        ledger=tmp_path / "ledger.sqlite", spool=tmp_path / "spool", space=tmp_path / "space",
        text_model="hash:32", image_model="efficientnet-lite2", image_runtime="eager", threads=1,
        object_classes=True,
    )  # fmt: skip
    context = WorkerContext(options)
    target = Target("none", "none", "none", space.identity, Schema(32))
    catalogue = open_catalogue(shop / "products.csv")
    changes = [
        make_change(catalogue, row.product, target) for row in catalogue.rows() if row.product
    ]
    run = context.ledger.begin_run(catalogue.root)
    context.ledger.accept(run, changes)
    entries = context.ledger.entries(["a", "b"])
    embed_texts(context, entries)
    embed_pictures(context, entries)
    context.decoder.close()
    (a, b), lacking = documents(context, space, Schema(32), entries)
    assert lacking == ()
    assert a.document is not None
    assert b.document is not None
    told = [t for t in a.document["tags"] if t.startswith("object=")]
    assert "object=jean" in told
    assert "object=牛仔裤" in told
    assert "fit=slim" in a.document["tags"]
    assert b.document["tags"] == ["object=own word"]  # the feed's own is believed
    plain = WorkerContext(dataclasses.replace(options, object_classes=False))
    (a, _), _ = documents(plain, space, Schema(32), entries)
    assert a.document is not None
    assert a.document["tags"] == ["fit=slim"]
    context.ledger.close()
    context.client.close()
    plain.client.close()
