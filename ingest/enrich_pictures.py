"""What an ingest adds to a document out of the product's pictures: their colours, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from encoders.cache import VectorSpool
from encoders.extract.colours import SHARES, colour_shares, shown_colours
from encoders.picture_size import PictureSize, Pixels
from encoders.pooling import telling
from ingest.changes import Entry
from mappings.vectors import Vector

LEAST = 0.25
"""Share of what the pictures show from which a colour is named; the largest is always."""


def spool_colours(spool: VectorSpool, pixels: Mapping[str, Pixels], size: PictureSize) -> None:
    """Keep the colours of decoded pictures beside their vectors.

    Args:
        spool: Takes them.
        pixels: SHA-256 of each picture's bytes to its pixels.
        size: What they were decoded to.
    """
    shares = {key: colour_shares(seen) for key, seen in pixels.items()}
    spool.put_many(shares, _digest(size))


def spooled_colours(
    spool: VectorSpool, entries: Sequence[Entry], size: PictureSize
) -> dict[str, Vector]:
    """Return SHA-256 to ``colour_shares``; pictures of an older version's spool are left out."""
    shas = sorted({p.sha for e in entries for p in e.pictures if p.sha})
    return spool.get_many(shas, _digest(size))


def colours_of(entry: Entry, shares: Mapping[str, Vector]) -> tuple[str, ...]:
    """Return the colours that a product's pictures show, each in English and in Chinese."""
    rows = [shares[p.sha] for p in telling(entry.pictures) if p.sha in shares]
    if not rows or entry.product.deleted:
        return ()
    shown = shown_colours(np.mean(rows, axis=0), LEAST)
    return tuple(word for colour in shown for word in (colour.name, colour.zh))


def _digest(size: PictureSize) -> str:
    return f"{SHARES}-{size.digest}"
