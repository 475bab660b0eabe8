"""A home as an ingest leaves it, made without a node or workers: ledger, spool and space."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from encoders.attributes import AttributeWeights
from encoders.cache import VectorSpool, content_key
from encoders.pictures import PictureRefused, decode
from encoders.projection import ProjectedImageEncoder, fit_ridge
from encoders.protocol import ImageEncoder, TextEncoder
from encoders.space import Space
from encoders.texts import product_text
from ingest.catalogue import open_catalogue
from ingest.feed import make_change
from ingest.ledger.changes import Change
from ingest.ledger.ledger import Ledger
from ingest.writer.target import Target
from mappings.product import Product
from mappings.schema import Schema


def prepare_home(
    home: Path,
    catalogue: Path,
    text: TextEncoder,
    image: ImageEncoder,
    change: Callable[[Sequence[Product]], Sequence[Product]] = lambda products: products,
    alias: str = "products",
) -> None:
    """Write what the ingest of a catalogue would leave.

    Args:
        home: ``SHELFSIGHT_HOME``.
        catalogue: Its folder or file.
        text: Encodes titles.
        image: Encodes pictures.
        change: What is done to the products before.
        alias: Whose catalogue it is.
    """
    opened = open_catalogue(catalogue)
    products = change([row.product for row in opened.rows() if row.product])
    rows = text.encode_products([product_text(p) for p in products])
    spool = VectorSpool(home / "spool")
    spool.put_many(
        {content_key(product_text(p)): r for p, r in zip(products, rows, strict=True)},
        text.card.digest,
    )
    seen: dict[str, bytes] = {}
    for product in products:
        for picture in product.pictures:
            content = (opened.root / picture.path).read_bytes()
            seen[hashlib.sha256(content).hexdigest()] = content
    for sha, content in seen.items():
        try:
            pixels = decode(content, image.size)
        except PictureRefused:
            continue
        spool.put_many({sha: image.encode_products([pixels])[0]}, image.card.digest)
    drawn = np.random.default_rng(0)  # what it maps to is of no matter here
    projection = fit_ridge(
        drawn.normal(size=(9, image.card.dim)), drawn.normal(size=(9, text.card.dim)), ridge=1.0,
        source_space=image.card.space, target_space=text.card.space,
    )  # fmt: skip
    space = Space(text, ProjectedImageEncoder(image, projection), AttributeWeights.fit(products))
    kept = home / "spaces" / f"by-identity-{space.identity.digest}"
    space.save(kept)
    (home / "spaces" / alias).symlink_to(kept.name)
    ledger = Ledger(home / "ledgers" / f"{alias}.sqlite")
    target = Target(alias, "made", "made", space.identity, Schema(space.identity.dim))
    changes: list[Change] = [make_change(opened, p, target) for p in products]
    run = ledger.begin_run(opened.root)
    ledger.accept(run, changes)
    ledger.refuse([refusal for one in changes for refusal in one.refusals])
    ledger.close()
