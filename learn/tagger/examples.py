"""Training examples: titles with the spans of the values that their products list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from encoders.extract.gazetteer import Gazetteer, levels, listed_values
from encoders.extract.plain import cuts_word, plain
from encoders.extract.similar_titles import SimilarTitles
from encoders.extract.spans import Span, occurrences, without_overlaps

if TYPE_CHECKING:
    from mappings.product import Product

FEWEST = 20
"""Least number of spans of an attribute name with a label of its own."""
PARTS = 8


@dataclass(frozen=True, slots=True)
class Example:
    """A title and the spans in it.

    Args:
        text: The title.
        spans: The labels.
        categories: Widest and narrowest category of the product.
        gazetteer: Values of *other* products: with its own, the tagger would learn to trust the
            gazetteer too much.
    """

    text: str
    spans: tuple[Span, ...]
    categories: tuple[str, ...]
    gazetteer: Gazetteer


def listed_spans(product: Product) -> tuple[Span, ...]:
    """Return where a title holds the values its product lists: the matching rule of the figures.

    A value is matched wherever it occurs (case and width folded), unless it splits a Latin word or
    a number; of overlapping ones the longest counts, then the first.
    """
    text = plain(product.title)
    return without_overlaps(
        Span(start, start + len(value), min(names))
        for value, names in listed_values(product, categories=False).items()
        for start in occurrences(text, value)
        if not cuts_word(text, start, start + len(value))
    )


def examples(products: Sequence[Product], *, parts: int = PARTS, seed: int = 7) -> list[Example]:
    """Return a catalogue's titles with distant labels: what their own products list.

    Args:
        products: The catalogue.
        parts: Each part's gazetteer is learned from the other parts.
        seed: Of the parts.
    """
    part_of = np.random.default_rng(seed).permutation(len(products)) % parts
    gazetteers = [
        Gazetteer.learn(
            [p for p, own in zip(products, part_of, strict=True) if own != part], categories=False
        )
        for part in range(parts)
    ]
    return [
        Example(product.title, listed_spans(product), levels(product), gazetteers[int(part)])
        for product, part in zip(products, part_of, strict=True)
    ]


def similar_titles(given: Sequence[Example], gazetteer: Gazetteer, seed: int) -> SimilarTitles:
    """Return the examples' titles with what they mean; an example's own is left out by its place.

    Args:
        given: Titles and spans.
        gazetteer: Values that are known.
        seed: Of what is drawn where there are too many.
    """
    shown = [plain(example.text) for example in given]
    listed = [
        {text[s.start : s.end] for s in example.spans}
        for text, example in zip(shown, given, strict=True)
    ]
    return SimilarTitles.learn(shown, listed, gazetteer, seed)


def frequent_names(given: Sequence[Example], fewest: int = FEWEST) -> tuple[str, ...]:
    """Return the names with enough spans, after the empty one that stands for all others."""
    counted = Counter(span.name for example in given for span in example.spans if span.name)
    return ("", *sorted(name for name, count in counted.items() if count >= fewest))
