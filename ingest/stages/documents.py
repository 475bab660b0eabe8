"""From spooled vectors to documents: pooled pictures, weighted attributes, coherence."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from encoders.attributes import attribute_key, attribute_terms, attribute_vector
from encoders.cache import content_key
from encoders.duplicates import distinct, fingerprint_digest
from encoders.image.object_class import object_classes, reads
from encoders.pooling import coherence, pooled, telling
from encoders.projection import ProjectedImageEncoder
from encoders.roles import roles
from encoders.space import Space
from encoders.texts import product_text
from ingest.ledger.changes import Entry
from ingest.stages.context import StageContext
from ingest.stages.embedding import picture_encoder, text_keys
from ingest.stages.enrich_pictures import colours_of, spooled_colours
from ingest.writer.bulk import Write
from mappings.product import Product
from mappings.schema import Schema
from mappings.vectors import PictureVector, ProductVectors, Vector

Spooled = Mapping[str, Vector]
OBJECT = "object"
"""The attribute under which what a classifier sees is kept, where it is asked for."""


def documents(
    context: StageContext, space: Space, schema: Schema, entries: Sequence[Entry]
) -> tuple[list[Write], tuple[str, ...]]:
    """Return the writes of the products whose vectors are all there, and the ids of the others.

    A picture that was refused is left out of its product; a deleted product has no vectors.
    """
    refused = {(r.id, r.path) for r in context.ledger.refusals_of([e.id for e in entries])}
    living = [e for e in entries if not e.product.deleted]
    texts, pictures = _spooled(context, space, living)
    fingerprints = _fingerprints(context, space, living)
    encoder = picture_encoder(space)
    colours = spooled_colours(context.spool, living, encoder.size) if encoder else {}
    objects = _objects(context, space, living)
    writes: list[Write] = []
    lacking: list[str] = []
    for entry in entries:
        try:
            vectors = _vectors(space, entry, texts, pictures, fingerprints, refused)
            vectors = replace(vectors, colours=colours_of(entry, colours))
        except KeyError:  # the spool was emptied or moved: embed again
            lacking.append(entry.id)
            continue
        document = schema.document(
            _recognised(entry, objects), vectors, order=entry.order, content_hash=entry.content
        )
        writes.append(Write(entry.id, entry.order, document))
    return writes, tuple(lacking)


def _spooled(
    context: StageContext, space: Space, living: Sequence[Entry]
) -> tuple[Spooled, Spooled]:
    """Return what the spool holds of these products: text vectors, picture vectors in the space."""
    keys = {key for e in living for key in text_keys(e.product)}
    texts = context.spool.get_many(sorted(keys), space.text.card.digest)
    encoder = picture_encoder(space)
    if encoder is None:
        return texts, {}
    shas = {p.sha for e in living for p in e.pictures if p.sha}
    raw = context.spool.get_many(sorted(shas), encoder.card.digest)
    if not raw or not isinstance(space.image, ProjectedImageEncoder):
        return texts, raw
    rows = space.image.projection.apply(np.stack(list(raw.values())))
    return texts, dict(zip(raw, rows, strict=True))


def _fingerprints(context: StageContext, space: Space, living: Sequence[Entry]) -> Spooled:
    """Return what the pictures look like at a glance; nothing for what an older version encoded."""
    encoder = picture_encoder(space)
    if encoder is None:
        return {}
    shas = sorted({p.sha for e in living for p in e.pictures if p.sha})
    return context.spool.get_many(shas, fingerprint_digest(encoder.size))


def _objects(context: StageContext, space: Space, living: Sequence[Entry]) -> Spooled:
    """Return the pictures' features for the classifier; nothing where it is not asked for."""
    encoder = picture_encoder(space)
    if not context.options.object_classes or encoder is None or not reads(encoder.card.name):
        return {}
    shas = sorted({p.sha for e in living for p in e.pictures if p.sha})
    return context.spool.get_many(shas, encoder.card.digest)


def _recognised(entry: Entry, objects: Spooled) -> Product:
    """Return the product, with what its pictures are of as an attribute where that is sure."""
    rows = [objects[p.sha] for p in telling(entry.pictures) if p.sha in objects]
    if not rows or entry.product.deleted or OBJECT in entry.product.attributes:
        return entry.product
    names = object_classes().names(np.stack(rows))
    if not names:
        return entry.product
    return entry.product.model_copy(
        update={"attributes": {**entry.product.attributes, OBJECT: names}}
    )


def _vectors(
    space: Space,
    entry: Entry,
    texts: Spooled,
    pictures: Spooled,
    fingerprints: Spooled,
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
    readable = [
        p
        for p in entry.pictures
        if space.image is not None and p.sha and (entry.id, p.path) not in refused
    ]
    # The same shot again would count twice in the mean, and is no other picture to be found by.
    seen = [fingerprints.get(p.sha) for p in readable]
    named = roles([p.role for p in readable], seen)
    shown = [
        PictureVector(p.path, named[n], pictures[p.sha], p.sha)
        for n, p in ((n, readable[n]) for n in distinct(seen))
    ]
    image = pooled(np.stack([p.vector for p in telling(shown)])) if shown else None
    return ProductVectors(
        text=texts[content_key(product_text(product))],
        image=image,
        attribute=attribute,
        pictures=tuple(shown),
        coherence=None if image is None or attribute is None else coherence(image, attribute),
    )
