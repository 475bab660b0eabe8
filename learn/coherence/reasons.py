"""Explains why a product's pictures may be wrong: which claims, and what they show instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from learn.coherence.audit_dataset import CATEGORY, AuditDataset
from learn.coherence.check import Check
from learn.coherence.readers import ClaimReader, ColourReader, claimed_colours

GAP = 0.1
"""Least margin by which an alternative must be likelier than all claims."""
TELLING = 0.3
"""Least correlation of a claim with its prediction for the claim to be a reason."""
STRANGE = 0.3
"""Probability of all claimed colours below which a picture has another colour."""
UNSEEN = 0.05
"""Probability on every picture below which a claimed colour is on none."""
MOST = 4


@dataclass(frozen=True, slots=True)
class Reason:
    """One claim that the pictures contradict.

    Args:
        attribute: Its name; ``category`` for the category.
        says: The record's claim.
        shows: What the pictures show instead; empty where the claim is merely on none of them.
        strength: How much likelier that is, in [0, 1].
        pictures: Rows of the pictures that show it; empty for all of the product's.
    """

    attribute: str
    says: tuple[str, ...]
    shows: str
    strength: float
    pictures: tuple[int, ...] = ()


def reasons(
    check: Check, dataset: AuditDataset, product: int, visible: Mapping[str, float]
) -> tuple[Reason, ...]:
    """Return the contradicted claims of a product, the strongest first.

    Args:
        check: Fitted without the product.
        dataset: Catalogue.
        product: Its number.
        visible: How well pictures predict each claim (``learn.coherence.audit.visible``).
    """
    found: list[Reason] = []
    colours = [r for r in check.readers if isinstance(r, ColourReader)]
    for reader in check.readers:
        if isinstance(reader, ClaimReader):
            found += _claim_reasons(reader, dataset, product, visible)
    if colours:  # which judges each picture
        found = [r for r in found if r.attribute != "color"]
        found += _colour_reasons(colours[0], dataset, product)
    return tuple(sorted(found, key=lambda r: (-r.strength, r.attribute))[:MOST])


def _claim_reasons(
    reader: ClaimReader, dataset: AuditDataset, product: int, visible: Mapping[str, float]
) -> list[Reason]:
    chances = reader.chances(reader.observed(dataset, np.array([product])))[0]
    mine = set(dataset.claims[product])
    compared: dict[str, list[tuple[str, float, bool]]] = {}
    for claim, chance in zip(reader.names, chances.tolist(), strict=True):
        if visible.get(claim, 0.0) >= TELLING:
            name, _, value = claim.partition("=")
            compared.setdefault(_level(name, value), []).append((value, chance, claim in mine))
    found = []
    for level, values in compared.items():
        claimed = [(v, c) for v, c, is_mine in values if is_mine]
        others = [(v, c) for v, c, is_mine in values if not is_mine]
        if claimed and others:
            shows, likely = max(others, key=lambda pair: pair[1])
            gap = likely - max(c for _, c in claimed)
            if gap > GAP:
                said = tuple(v for v, _ in claimed)
                found.append(Reason(level.partition("\0")[0], said, shows, gap))
    return _one_category(found)


def _level(name: str, value: str) -> str:
    """Return the group of values that exclude each other: categories of the same depth."""
    return f"{name}\0{value.count('/')}" if name == CATEGORY else name


def _one_category(reasons: list[Reason]) -> list[Reason]:
    """Keep only the strongest of the reasons about categories."""
    surest = max((r for r in reasons if r.attribute == CATEGORY), key=lambda r: r.strength,
                 default=None)  # fmt: skip
    return [r for r in reasons if r.attribute != CATEGORY or r is surest]


def _colour_reasons(reader: ColourReader, dataset: AuditDataset, product: int) -> list[Reason]:
    said = [c for c in claimed_colours(dataset.claims[product]) if c in reader.names]
    rows = dataset.pictures_of(np.array([product]))
    if not said or dataset.colours is None or not len(rows):
        return []
    chances = reader.chances(dataset.colours[rows])
    claimed = [reader.names.index(c) for c in said]
    found: dict[str, list[tuple[int, float]]] = {}
    for row, chance in zip(rows.tolist(), chances, strict=True):
        if chance[claimed].sum() < STRANGE:
            shown = reader.names[int(np.argmax(chance))]
            found.setdefault(shown, []).append((row, float(1 - chance[claimed].sum())))
    odd = [
        Reason("color", tuple(said), shown, max(s for _, s in seen) * len(seen) / len(rows),
               tuple(row for row, _ in seen))
        for shown, seen in found.items()
    ]  # fmt: skip
    nowhere = [c for c, at in zip(said, claimed, strict=True) if chances[:, at].max() < UNSEEN]
    if nowhere and not odd:
        odd.append(Reason("color", tuple(nowhere), "", len(nowhere) / len(said) / 2))
    return odd
