"""The text that is embedded for a product."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mappings.product import Product

DESCRIPTION = 200
"""Width of the description's part; a Chinese character is two wide.

A four-bit e5 on two cores reads some 1,500 tokens a second: 200 Latin characters, or 100 Chinese
ones, are about 50 of them, so a product costs about as much for its description as for the rest.
"""


def product_text(product: Product) -> str:
    """Return title, brand, last category and the beginning of the description, in sentences.

    Args:
        product: What is embedded; its attributes have a vector of their own.
    """
    category = product.categories[-1] if product.categories else ""
    parts = (product.title, product.brand, category, shortened(product.description, DESCRIPTION))
    return ". ".join(" ".join(part.split()) for part in parts if part.strip())


def shortened(text: str, width: int) -> str:
    """Return the beginning of a text, cut between words where there are spaces.

    Args:
        text: Any text.
        width: How wide it may be: wide characters (Chinese) count two, others one.
    """
    used = 0
    for place, character in enumerate(text):
        used += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if used > width:
            kept = text[:place]
            space = kept.rfind(" ")
            return kept[:space] if space > place // 2 else kept
    return text
