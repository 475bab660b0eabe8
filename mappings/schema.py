"""The columns of a catalogue index, in one place."""

from dataclasses import dataclass
from typing import Any

from mappings.blend import MORE, Blend
from mappings.fields import (
    Card,
    Dot,
    Engine,
    Field,
    Keyword,
    Measured,
    NestedPictures,
    Number,
    Text,
    Vector,
    filled,
)
from mappings.product import Product
from mappings.vectors import ProductVectors

SCHEMA_VERSION = 2
"""Raised when what a column means changes; an index of another version is refused."""

TITLE = Text("title", lambda p: p.title, characters=True)
DESCRIPTION = Text("description", lambda p: p.description)
BRAND = Text("brand", lambda p: p.brand, keyword=True)
CATEGORIES = Text("categories", lambda p: list(p.categories), keyword=True)
TAG_WORDS = Text("tag_words", lambda p: sorted({v for vs in p.attributes.values() for v in vs}))
TAGS = Keyword("tags", lambda p: list(p.tags))
# Read out of the texts by the ingest, beside the shop's own tags and never among them.
FOUND = Keyword("found", lambda p: list(p.found_tags))
FOUND_IN = Keyword("found_in", lambda p: [f"{f.source}:{f.name}={f.value}" for f in p.found])
PICTURE_COLOURS = Keyword("picture_colours", lambda p: None, lambda v: list(v.colours))
GROUP = Keyword("group", lambda p: p.group)
CURRENCY = Keyword("currency", lambda p: p.currency)
PRICE = Number("price", lambda p: p.price)
STOCK = Number("stock", lambda p: p.stock)
MARGIN = Number("margin", lambda p: p.margin)
ADDED = Number("added", lambda p: p.added, kind="date")
DELETED = Number("deleted", lambda p: p.deleted, kind="boolean")
COHERENCE = Measured("coherence", lambda v: v.coherence)

# The feed's own version of the product; nothing where the feed has none.
VERSION = Number("source_version", lambda p: p.version, kind="long")
# Written by the ingest, not read from the product: when the ledger accepted what this document
# holds (also the document's external version), and what it was made from.
ORDER = Number("write_order", lambda p: None, kind="long")
CONTENT = Keyword("content_hash", lambda p: None)
# The id once more, as a doc value: hundreds of them are read without their documents.
KEY = Keyword("key", lambda p: p.id)

SHOWN = (TITLE, BRAND, CATEGORIES, PRICE, CURRENCY, STOCK, GROUP)
"""What an answer shows of a product."""
CARD = Card("card", SHOWN)

LEXICAL = (TITLE, BRAND, CATEGORIES, TAG_WORDS, DESCRIPTION)


@dataclass(frozen=True, slots=True)
class Schema:
    """Every column of an index whose vectors have ``dim`` dimensions.

    With ``blend`` there is one more: the combination by which candidates are found.
    """

    dim: int
    blend: Blend | None = None

    @property
    def text_vector(self) -> Vector:
        """The product's text, S_qt."""
        return Vector("text_vector", self.dim, lambda v: v.text)

    @property
    def image_vector(self) -> Vector:
        """The product's pictures, pooled, S_qi."""
        return Vector("image_vector", self.dim, lambda v: v.image)

    @property
    def attribute_vector(self) -> Vector:
        """The product's attribute values, TF-IDF weighted, S_qa."""
        return Vector("attribute_vector", self.dim, lambda v: v.attribute)

    @property
    def blend_vector(self) -> Dot | None:
        """The formula's vector part under the blend's weights; ``None`` without a blend."""
        return Dot("blend_vector", self.dim + MORE, self.blend.vector) if self.blend else None

    @property
    def pictures(self) -> NestedPictures:
        """The product's pictures, one by one."""
        return NestedPictures("pictures", self.dim)

    @property
    def fields(self) -> tuple[Field, ...]:
        """All columns, in the order of the index body."""
        blend = self.blend_vector
        return (
            *LEXICAL, TAGS, FOUND, FOUND_IN, PICTURE_COLOURS, GROUP, CURRENCY, PRICE, STOCK, MARGIN,
            ADDED, DELETED, VERSION, ORDER, CONTENT, KEY, CARD, COHERENCE,
            self.text_vector, self.image_vector, self.attribute_vector, self.pictures,
            *((blend,) if blend else ()),
        )  # fmt: skip

    def declare(self, engine: Engine) -> dict[str, Any]:
        """Return the ``properties`` of the index body."""
        return {field.name: field.declare(engine) for field in self.fields}

    def document(
        self, product: Product, vectors: ProductVectors, *, order: int, content_hash: str
    ) -> dict[str, Any]:
        """Return the whole document of a product; a deleted product keeps only its tombstone.

        Args:
            product: The validated record.
            vectors: What the encoders made of it, each vector (dim,).
            order: The external version the document is written under, also kept inside it: an
                edit by another hand raises the one and not the other.
            content_hash: Hash of everything the document was made from.
        """
        stamp = {ORDER.name: order, CONTENT.name: content_hash}
        if product.deleted:
            return filled((VERSION,), product, vectors) | {DELETED.name: True} | stamp
        return filled(self.fields, product, vectors) | stamp
