"""Fitting a catalogue's space on one page: sample, encode, project, calibrate.

The image encoder's features are taken into the text encoder's space by a head, so that one query
vector serves every signal: the one that ``shelfsight align fit`` left, else a ridge fitted here on
the catalogue's own pairs of picture and text, else the one that ships. Everything that is encoded
here goes into the spool, and ingestion finds it there.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from encoders.attributes import (
    AttributeWeights,
    attribute_key,
    attribute_terms,
    attribute_vector,
    encode_terms,
)
from encoders.cache import VectorSpool, content_key
from encoders.extract.extractor import Extractor
from encoders.extract.gazetteer import Gazetteer
from encoders.pooling import coherence, telling
from encoders.texts import product_text
from ingest.catalogue import Catalogue
from ingest.readers.picture_files import PictureUnavailable
from ingest.stages.enrich_pictures import spool_pictures
from mappings.calibration import Calibration
from mappings.errors import InputError
from mappings.product import Product
from mappings.vectors import ProductVectors
from shelfsight.alignment import Encode, kept_head, known_before, make_material
from shelfsight.progress import Advance, Steps

if TYPE_CHECKING:
    from encoders.head import Head
    from encoders.protocol import ImageEncoder, TextEncoder
    from encoders.space import Space

MOST_PRODUCTS = 250
BATCH = 32
MOST_READ = 1_000
"""Products whose attribute values are learned for the texts of the others."""
_UNPICTURED = (
    "warning: {} pictures of {} sampled products can be read, too few to fit a picture model: the"
    " index is made without one, and pictures are not searched.\n         Where there are pictures,"
    " correct their paths, then `shelfsight index create CATALOGUE` and `swap`."
)
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Models:
    """The encoders before anything is fitted: the image encoder ends in its own space."""

    text: "TextEncoder"
    image: "ImageEncoder"


@dataclass(frozen=True, slots=True)
class Fitted:
    """A space, the scales of its signals, and the catalogue's own attribute values."""

    space: "Space"
    calibration: Calibration
    gazetteer: Gazetteer = field(default_factory=lambda: Gazetteer({}))


@dataclass(frozen=True, slots=True)
class Sample:
    """Products drawn from a catalogue, and some of their pictures, as (product, file's bytes)."""

    products: tuple[Product, ...]
    pictures: tuple[tuple[int, bytes], ...]


def fit_space(
    catalogue: Catalogue, models: Models, spool: VectorSpool, *, read: int, pictures: int,
    seed: int, steps: Steps, kept: Path | None = None,
) -> Fitted:  # fmt: skip
    """Return the space of a catalogue, fitted on a seeded sample.

    Args:
        catalogue: Where the sample comes from.
        models: The encoders.
        spool: Takes every vector that is made.
        read: Rows from which the sample is drawn, the first ones.
        pictures: How many pictures the projection is fitted on.
        seed: Of the sample and of the pseudo-queries.
        steps: Shows the progress.
        kept: File of a head that was fitted before; not looked at where it does not exist.

    Raises:
        InputError: The catalogue holds no product, or the head cannot be read.
    """
    from encoders.projection import ProjectedImageEncoder
    from encoders.space import Space

    living = read_products(catalogue, read)
    gazetteer = Gazetteer.learn(living[:MOST_READ])
    extractor = Extractor(gazetteer)
    living = [extractor.enriched(product) for product in living]
    weights = AttributeWeights.fit(living)
    sample = draw_sample(catalogue, living, pictures, seed)
    own = [product_text(p) for p in sample.products]
    keys = [content_key(text) for text in own]
    known = _spooled(
        dict(zip(keys, own, strict=True)), models.text.encode_products, models.text, spool,
        steps.step("reading the sample's texts", "texts"),
    )  # fmt: skip
    texts = np.stack([known[key] for key in keys])
    terms = _encode_terms(sample, models.text, spool, steps)
    if terms:
        weights = weights.decorrelated(np.stack(list(terms.values())))
    owners, features = encode_pictures(sample, models.image, spool, steps)
    image: ImageEncoder | None = None
    if models.image.card.space == models.text.card.space:
        image = models.image  # one model's two towers: there is nothing to fit
    elif (head := _head(sample, owners, features, models, spool, seed, kept)) is not None:
        image = ProjectedImageEncoder(models.image, head)
    else:
        if any(product.pictures for product in sample.products):
            said = _UNPICTURED.format(len(owners), len(sample.products))
            print(said, file=sys.stderr)  # noqa: T201 - the program's voice
        owners = []  # features that end in no space cannot be compared with anything
    space = Space(models.text, image, weights)
    projected = space.projection.apply(features) if space.projection else features
    vectors = _vectors(sample, texts, owners, projected, weights, terms)
    return Fitted(space, _calibrate(space, sample, vectors, seed), gazetteer)


def read_products(catalogue: Catalogue, read: int) -> list[Product]:
    """Return the living products among the first ``read`` rows.

    Raises:
        InputError: There is none.
    """
    rows = islice(catalogue.rows(), read)
    living = [row.product for row in rows if row.product and not row.product.deleted]
    if not living:
        raise InputError(
            f"{catalogue.path} holds no product that can be read.",
            "See the reasons with `shelfsight ingest`; correct the rows.",
        )
    return living


def _head(
    sample: "Sample", owners: Sequence[int], features: Vectors, models: Models,
    spool: VectorSpool, seed: int, kept: Path | None,
) -> "Head | None":  # fmt: skip
    """Return the head that was kept, else one fitted on the sample, else the one that ships."""
    from learn.align.recipe import fit_head

    if kept is not None and (head := kept_head(kept, models.text, models.image)) is not None:
        return head
    known = known_before(models.text, models.image)
    material = make_material(sample.products, owners, features, through(spool, models.text))
    if material is None:  # a few pictures are enough for the head that ships, none are not
        return known.default if len(owners) else None
    questions, owner = material.questions, material.pairs.products
    return fit_head(
        material.pairs, "ridge", known, asked=material.asked, groups=material.groups,
        titles=questions.titles[owner],
        spaces=(models.image.card.space, models.text.card.space), seed=seed,
    )  # fmt: skip


def through(
    spool: VectorSpool, encoder: "TextEncoder", advance: Advance = lambda *_: None
) -> Encode:
    """Return what encodes texts, as queries or as products, and keeps them in the spool."""

    def encode(items: Mapping[str, str], is_query: bool) -> dict[str, Vectors]:
        one = encoder.encode_query if is_query else encoder.encode_products
        return _spooled(items, one, encoder, spool, advance)

    return encode


def draw_sample(
    catalogue: Catalogue,
    products: Sequence[Product],
    pictures: int,
    seed: int,
    most: int = MOST_PRODUCTS,
) -> Sample:
    """Return at most ``most`` products and about ``pictures`` of their pictures, spread evenly.

    Swatches are left out: they show cloth, and no product.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(products))[:most]
    drawn = tuple(products[int(i)] for i in order)
    shown = [telling(p.pictures) for p in drawn]
    found: list[tuple[int, bytes]] = []
    for place in range(max(map(len, shown), default=0)):
        for number, own in enumerate(shown):
            if place < len(own) and len(found) < pictures:
                try:
                    content = catalogue.picture_bytes(own[place].path)
                except PictureUnavailable:
                    continue  # ingestion reports it
                found.append((number, content))
    return Sample(drawn, tuple(found))


def _encode_terms(
    sample: Sample, encoder: "TextEncoder", spool: VectorSpool, steps: Steps
) -> dict[str, Vectors]:
    """Return every attribute of the sample's products, sorted, to its vector, float32 (d,)."""
    own = {term for product in sample.products for term in attribute_terms(product)}
    keys = {attribute_key(term): term for term in sorted(own)}
    if not keys:
        return {}
    advance = steps.step("reading the attribute values", "values")
    known = _spooled(keys, partial(encode_terms, encoder), encoder, spool, advance)
    return {term: known[key] for key, term in keys.items()}


def _spooled(
    items: Mapping[str, str],
    encode: Callable[[Sequence[str]], Vectors],
    encoder: "TextEncoder",
    spool: VectorSpool,
    advance: Advance,
) -> dict[str, Vectors]:
    """Return key to float32 (d,), through the spool; ``items`` are key to text."""
    known = spool.get_many(list(items), encoder.card.digest)
    lacking = {key: text for key, text in items.items() if key not in known}
    advance(0, len(lacking) or 1)
    for start in range(0, len(lacking), BATCH):
        part = dict(list(lacking.items())[start : start + BATCH])
        fresh = dict(zip(part, encode(list(part.values())), strict=True))
        spool.put_many(fresh, encoder.card.digest)
        known |= fresh
        advance(min(start + BATCH, len(lacking)), len(lacking))
    advance(len(lacking) or 1, len(lacking) or 1)
    return known


def encode_pictures(
    sample: Sample, encoder: "ImageEncoder", spool: VectorSpool, steps: Steps
) -> tuple[list[int], Vectors]:
    """Return whose picture each row is, and the features, float32 (n, d_in)."""
    from encoders.pictures import PictureDecoder, PictureRefused

    keys = [content_key(content) for _, content in sample.pictures]
    known = spool.get_many(keys, encoder.card.digest)
    lacking = {k: c for k, (_, c) in zip(keys, sample.pictures, strict=True) if k not in known}
    advance = steps.step("looking at the sample's pictures", "pictures")
    advance(0, len(lacking) or 1)
    with PictureDecoder() as decoder:
        for start in range(0, len(lacking), BATCH):
            part = dict(list(lacking.items())[start : start + BATCH])
            answers = decoder.decode_many(list(part.values()), encoder.size)
            pixels = {
                k: a
                for k, a in zip(part, answers, strict=True)
                if not isinstance(a, PictureRefused)
            }
            if pixels:
                known |= spool_pictures(spool, encoder, pixels)
            advance(min(start + BATCH, len(lacking)), len(lacking))
    advance(len(lacking) or 1, len(lacking) or 1)
    seen = [(n, known[k]) for k, (n, _) in zip(keys, sample.pictures, strict=True) if k in known]
    features = np.stack([v for _, v in seen]) if seen else np.empty((0, encoder.card.dim), "f4")
    return [n for n, _ in seen], features.astype(np.float32)


def _vectors(
    sample: Sample,
    texts: Vectors,
    owners: Sequence[int],
    pictures: Vectors,
    weights: AttributeWeights,
    terms: Mapping[str, Vectors],
) -> list[ProductVectors]:
    """Return the sample's vectors as ingestion will make them, of the pictures drawn."""
    mean = _mean_by_owner(owners, pictures)
    found = []
    for number, product in enumerate(sample.products):
        own = list(attribute_terms(product))
        rows = [terms[term] for term in own]
        attribute = attribute_vector(own, np.stack(rows), weights) if own else None
        image = mean.get(number)
        both = image is not None and attribute is not None and image.shape == attribute.shape
        agreement = coherence(image, attribute) if both else None  # type: ignore[arg-type]
        found.append(ProductVectors(texts[number], image, attribute, (), agreement))
    return found


def _mean_by_owner(owners: Sequence[int], pictures: Vectors) -> dict[int, Vectors]:
    from encoders.pooling import pooled

    rows: dict[int, list[int]] = {}
    for row, owner in enumerate(owners):
        rows.setdefault(owner, []).append(row)
    return {owner: pooled(pictures[found]) for owner, found in rows.items()}


def _calibrate(
    space: "Space", sample: Sample, vectors: Sequence[ProductVectors], seed: int
) -> Calibration:
    from encoders.adapter import adapter_of
    from query.calibration.measure import estimate

    titles, adapter = [p.title for p in sample.products], adapter_of(space.projection)
    return estimate(space.text, titles, vectors, seed=seed, adapter=adapter)
