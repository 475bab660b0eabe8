"""What a reader makes of one row of a feed: a product, or the reason why it is none."""

from dataclasses import dataclass

from mappings.product import Product


@dataclass(frozen=True, slots=True)
class Rejection:
    """A row that cannot be a product.

    Args:
        line: Line of the file, from 1; for a folder, the place of the entry in name order.
        id: The product's id, empty where it could not be read.
        reason: What was given and what is allowed.
    """

    line: int
    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a feed; either ``product`` or ``rejection`` is set.

    Args:
        line: As in ``Rejection``.
        product: The validated product.
        rejection: Why there is none.
        extras: Columns that no field knows and that became attributes.
        left_out: Columns that no field knows and that do not fit an attribute either.
    """

    line: int
    product: Product | None
    rejection: Rejection | None = None
    extras: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def rejected(line: int, reason: str, product_id: str = "") -> Row:
    """Return the row that says why a line was rejected."""
    return Row(line, None, Rejection(line, product_id, reason))
