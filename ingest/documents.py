"""From spooled vectors to documents: pooled pictures, weighted attributes, coherence."""

from collections.abc import Mapping, Sequence

import numpy as np

from encoders.attributes import attribute_key, attribute_terms, attribute_vector
from encoders.cache import content_key
from encoders.pooling import coherence, pooled, telling
from encoders.projection import ProjectedImageEncoder
from encoders.space import Space
from encoders.texts import product_text
from ingest.bench import Bench
from ingest.changes import Entry
from ingest.embedding import picture_encoder, text_keys
from ingest.writer import Write
from mappings.schema import Schema
from mappings.vectors import PictureVector, ProductVectors, Vector

Spooled = Mapping[str, Vector]


def documents(
    bench: Bench, space: Space, schema: Schema, entries: Sequence[Entry]
) -> tuple[list[Write], tuple[str, ...]]:
    """Return the writes of the products whose vectors are all there, and the ids of the others.

    A picture that was refused is left out of its product; a deleted product has no vectors.
    """
    refused = {(r.id, r.path) for r in bench.ledger.refusals_of([e.id for e in entries])}
    texts, pictures = _spooled(bench, space, [e for e in entries if not e.product.deleted])
    writes: list[Write] = []
    lacking: list[str] = []
    for entry in entries:
        try:
            vectors = _vectors(space, entry, texts, pictures, refused)
        except KeyError:  # the spool was emptied or moved: embed again
            lacking.append(entry.id)
            continue
        document = schema.document(
            entry.product, vectors, version=entry.version, content_hash=entry.content
        )
        writes.append(Write(entry.id, entry.version, document))
    return writes, tuple(lacking)


def _spooled(bench: Bench, space: Space, living: Sequence[Entry]) -> tuple[Spooled, Spooled]:
    """Return what the spool holds of these products: text vectors, picture vectors in the space."""
    keys = {key for e in living for key in text_keys(e.product)}
    texts = bench.spool.get_many(sorted(keys), space.text.card.digest)
    encoder = picture_encoder(space)
    if encoder is None:
        return texts, {}
    shas = {p.sha for e in living for p in e.pictures if p.sha}
    raw = bench.spool.get_many(sorted(shas), encoder.card.digest)
    if not raw or not isinstance(space.image, ProjectedImageEncoder):
        return texts, raw
    rows = space.image.projection.apply(np.stack(list(raw.values())))
    return texts, dict(zip(raw, rows, strict=True))


def _vectors(
    space: Space,
    entry: Entry,
    texts: Spooled,
    pictures: Spooled,
    refused: set[tuple[str, str]],
) -> ProductVectors:
    """Put a product's vectors together.

    Raises:
        KeyError: One is not in the spool.
    """
    product = entry.product
    if product.deleted:
        return ProductVectors()
    terms = attribute_terms(product)
    attribute = None
    if terms:
        rows = np.stack([texts[attribute_key(term)] for term in terms])
        attribute = attribute_vector(terms, rows, space.attribute_weights)
    shown = [
        PictureVector(p.path, p.role, pictures[p.sha])
        for p in entry.pictures
        if space.image is not None and p.sha and (entry.id, p.path) not in refused
    ]
    image = pooled(np.stack([p.vector for p in telling(shown)])) if shown else None
    return ProductVectors(
        text=texts[content_key(product_text(product))],
        image=image,
        attribute=attribute,
        pictures=tuple(shown),
        coherence=None if image is None or attribute is None else coherence(image, attribute),
    )
