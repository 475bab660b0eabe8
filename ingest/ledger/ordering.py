"""Which change of a product wins: one ordering for each product, the feed's where it has one.

A feed's version orders the changes of its product, and nothing else does: the order in which the
ledger accepts changes (``write_order``) only numbers the writes. A change that carries no version
comes after everything before it; a product that has a version keeps it, and is *amended* until
the feed gives a higher one.
"""

from dataclasses import dataclass
from typing import Literal

Ordered = Literal["newer", "same", "older", "amended"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What the ledger knows of a product's last change.

    Args:
        version: The highest version that the feed gave it; ``None``: it never gave one.
        amended: It was changed or deleted without a version since that version.
        deleted: It is deleted.
        content: Hash of everything its document is made from.
    """

    version: int | None
    amended: bool
    deleted: bool
    content: str


def compare(known: Standing, version: int | None, deleted: bool, content: str) -> Ordered:
    """Return how a change stands to what is known of its product.

    Args:
        known: The last change.
        version: The change's version, if the feed gives one.
        deleted: It deletes the product.
        content: Its content hash.

    Returns:
        ``newer``: it is to be written. ``same``: its content or deletion is known. ``older``: a
        higher version is known. ``amended``: it comes in the version that is known, and the
        product was changed or deleted since without a version, or deleted in this version.
    """
    # Of two deletions, what else their rows say makes no document.
    same = deleted if known.deleted else content == known.content
    if version is not None and known.version is not None:
        if version < known.version:
            return "older"
        if version == known.version and not same and (known.amended or known.deleted):
            return "amended"
    return "same" if same else "newer"


def after(known: Standing, version: int | None, *, is_newer: bool) -> tuple[int | None, bool]:
    """Return version and ``amended`` of a product after a newer or the same change was taken."""
    if known.version is None:
        return version, False
    if version is None:
        return known.version, known.amended or is_newer
    return version, known.amended and version == known.version
