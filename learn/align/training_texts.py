"""The texts that pictures are fitted to: title, whole text, categories, attributes, synonyms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from encoders.attributes import attribute_text
from encoders.concepts.lexicon import Concept, concept_of, query_phrases
from encoders.texts import product_text
from learn.align.pairs import TrainingText

if TYPE_CHECKING:
    from mappings.product import Product

TITLE, WHOLE, CATEGORY, ATTRIBUTE, SYNONYM = 1.0, 0.5, 1.0, 1.0, 1.0
"""Total weight of each kind of text, spread over a product's texts of the kind.

Without a title, the synonyms get its weight and the whole text's, which then is a category's name.
"""


def training_texts(product: Product, concepts: Sequence[Concept] = ()) -> tuple[TrainingText, ...]:
    """Return the training texts of a product, in every language that its record holds.

    A category name that is in the lexicon adds its synonyms in both languages, so that a shop that
    is written in one language can be searched in the other.

    Args:
        product: Whose pictures.
        concepts: The lexicon; empty for the product's own words alone.
    """
    others = SYNONYM if product.title else SYNONYM + TITLE + WHOLE
    kinds = tuple(dict.fromkeys(c.replace("/", " ").replace(">", " ") for c in product.categories))
    parts: list[tuple[str, float, Sequence[str]]] = [
        ("title", TITLE, (product.title,)),
        ("product", WHOLE, (product_text(product),)),
        ("category", CATEGORY, kinds),
        ("attribute", ATTRIBUTE, tuple(attribute_text(t) for t in product.tags)),
        ("synonym", others, synonyms(product.categories, concepts)),
    ]
    return tuple(
        TrainingText(text, kind, whole / len(texts))
        for kind, whole, texts in parts
        for text in texts
        if text.strip()
    )


def synonyms(names: Sequence[str], concepts: Sequence[Concept]) -> tuple[str, ...]:
    """Return the lexicon's synonyms of categories, without their names.

    Args:
        names: Names of categories, or paths whose last part is one.
        concepts: The lexicon.
    """
    found: list[str] = []
    for name in names:
        for part in (name, name.replace(">", "/").rpartition("/")[2].strip()):
            if (concept := concept_of(part, concepts)) is not None:
                found += query_phrases(concept)
    return tuple(t for t in dict.fromkeys(found) if t not in names)
