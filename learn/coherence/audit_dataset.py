"""The data of an audit: the claims of products, and the features of their pictures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from encoders.protocol import Vectors
from mappings.errors import InputError

if TYPE_CHECKING:
    from mappings.product import Product

CATEGORY = "category"
COLOUR_NAMES = (
    "color",
    "colour",
    "colors",
    "colours",
    "颜色",
    "主色",
    "颜色分类",
    "主要颜色",
    "色彩",
)
"""Names of attributes whose values are colours."""


@dataclass(frozen=True, slots=True, eq=False)
class AuditDataset:
    """A catalogue as claims, titles and picture features.

    Args:
        features: float32 (n, d), one row a picture, from the image encoder.
        owners: int64 (n,), the product of each picture, in ascending order.
        claims: For each product its ``name=value``, as ``claims_of`` returns them.
        titles: float32 (products, d_text), unit length.
        colours: float32 (n, bins), each picture's colours (``colour_histogram``), or ``None``.

    Raises:
        InputError: The parts do not fit one another.
    """

    features: Vectors
    owners: NDArray[np.int64]
    claims: tuple[tuple[str, ...], ...]
    titles: Vectors
    colours: Vectors | None = None

    def __post_init__(self) -> None:
        n, products = len(self.features), len(self.claims)
        fits = len(self.owners) == n and len(self.titles) == products
        fits = fits and (self.colours is None or len(self.colours) == n)
        if n and fits:
            fits = self.owners[0] >= 0 and self.owners[-1] < products
            fits = fits and bool((np.diff(self.owners) >= 0).all())
        if not fits:
            raise InputError(
                f"{n} pictures, {len(self.owners)} owners, {products} products with claims and"
                f" {len(self.titles)} titles do not fit one another.",
                "Give a row for each picture, in the order of the products, and claims and a title"
                " for each product.",
            )

    @property
    def products(self) -> int:
        """How many products there are."""
        return len(self.claims)

    def pictures_of(self, products: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the rows of the pictures of these products, in order."""
        return np.flatnonzero(np.isin(self.owners, products))


def claims_of(product: Product) -> tuple[str, ...]:
    """Return the claims of a record that pictures could show: categories at each level, attributes.

    ``Women/Tops/Tees`` claims ``category=Women``, ``category=Women/Tops`` and the whole; brand and
    prices are not visible.
    """
    said = [f"{CATEGORY}={level}" for path in product.categories for level in levels(path)]
    for name, values in product.attributes.items():
        plain = "color" if is_colour(name) else name
        said += [f"{plain}={value}" for value in values]
    return tuple(dict.fromkeys(said))


def levels(category: str) -> tuple[str, ...]:
    """Return a category's path at each depth: ``A``, ``A/B``, ``A/B/C`` of ``A > B > C``."""
    parts = [part.strip() for part in re.split(r"\s*(?:[/>»›]|->)\s*", category) if part.strip()]
    return tuple("/".join(parts[: depth + 1]) for depth in range(len(parts)))


def is_colour(name: str) -> bool:
    """Return whether an attribute's values are colours."""
    return name.strip().casefold() in COLOUR_NAMES


def product_groups(dataset: AuditDataset, contents: Sequence[str]) -> list[list[str]]:
    """Return each product's picture contents, for folds in which no picture lies twice.

    Args:
        dataset: Whose pictures.
        contents: A hash for each picture.
    """
    found: list[list[str]] = [[] for _ in range(dataset.products)]
    for owner, content in zip(dataset.owners.tolist(), contents, strict=True):
        found[owner].append(content)
    return found
