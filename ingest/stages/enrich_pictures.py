"""What an ingest adds to a document out of the product's pictures: their colours, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from encoders.cache import VectorSpool
from encoders.duplicates import fingerprint, fingerprint_digest
from encoders.extract.colours import SHARES, colour_shares, picture_colours
from encoders.picture_size import PictureSize, Pixels
from encoders.pooling import telling
from encoders.protocol import ImageEncoder
from ingest.ledger.changes import Entry
from mappings.vectors import Vector

LEAST = 0.25
"""Share of what the pictures show from which a colour is named; the largest is always."""


def spool_pictures(
    spool: VectorSpool, encoder: ImageEncoder, pixels: Mapping[str, Pixels]
) -> dict[str, Vector]:
    """Embed decoded pictures and keep what they give: vectors, fingerprints and colours.

    Args:
        spool: Takes all three.
        encoder: Makes the vectors.
        pixels: SHA-256 of each picture's bytes to its pixels, at least one.

    Returns:
        SHA-256 to float32 (d,).
    """
    rows = encoder.encode_products(list(pixels.values()))
    fresh = dict(zip(pixels, rows, strict=True))
    spool.put_many(fresh, encoder.card.digest)
    fingerprints = {key: fingerprint(one) for key, one in pixels.items()}
    spool.put_many(fingerprints, fingerprint_digest(encoder.size))
    shares = {key: colour_shares(seen) for key, seen in pixels.items()}
    spool.put_many(shares, _digest(encoder.size))
    return fresh


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
    shown = picture_colours(np.mean(rows, axis=0), LEAST)
    return tuple(word for colour in shown for word in (colour.name, colour.zh))


def _digest(size: PictureSize) -> str:
    return f"{SHARES}-{size.digest}"
