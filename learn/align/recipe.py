"""Fits the head of a catalogue; called by ingestion, the `align` command and the benchmarks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from encoders.head import Head
from encoders.head_aligned import AlignedHead
from encoders.head_blend import BlendedHead
from encoders.head_generic import GenericHead
from encoders.protocol import Vectors
from learn.align.adapt import with_adapter
from learn.align.centres import with_centres
from learn.align.contrastive import Recipe, fit_contrastive_head
from learn.align.fit import fit_ridge_head
from learn.align.generic import GenericTexts
from learn.align.metric import text_metric
from learn.align.pairs import Pairs
from learn.align.visual import quiet_directions, with_visual_part

Form = Literal["ridge", "contrastive"]
FORMS: tuple[Form, ...] = ("ridge", "contrastive")

GAIN, GAIN_OF_KINDS = 1.0, 0.5
"""Length of the visual part relative to the text part: where it groups pictures by product, and
where by category (one picture a product), which the text part separates already."""
SHARE = 1.0
"""Weight of the head that ships relative to the fitted one, for many pictures."""
FEW = 50.0
"""Number of fitted pictures at which the head that ships gets an additional weight of 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What ships for the encoders.

    Args:
        texts: Statistics of generic texts in the text encoder's space; ``None`` where nothing
            ships: the catalogue's own texts are used, and there is no visual part.
        default: The head that ships for the encoders, ``None`` where there is none.
    """

    texts: GenericTexts | None = None
    default: GenericHead | None = None


def fit_head(
    pairs: Pairs,
    form: Form,
    known: Known,
    *,
    asked: Vectors,
    groups: NDArray[np.int64],
    titles: Vectors | None = None,
    spaces: tuple[str, str] = ("", ""),
    share: float = SHARE,
    gain: float | None = None,
    seed: int = 0,
    threads: int | None = None,
) -> Head:
    """Return the head of a catalogue.

    Args:
        pairs: Pictures and their texts.
        form: ``ridge`` in closed form, or ``contrastive`` on top of it.
        known: What ships for the encoders.
        asked: float32 (s, d), the catalogue's query-like texts, such as titles.
        groups: int64 (n,), pictures that should be near each other: of one product, or category.
        titles: float32 (n, d), product titles encoded as queries, zeros for none.
        spaces: Of the features, and of the texts.
        share: Weight of the head that ships for many pictures; 0 leaves it out.
        gain: Length of the visual part relative to the text part; 0 leaves it out, ``None`` chooses
            by whether the groups are products.
        seed: Of all that is drawn.
        threads: torch's threads; ``None`` leaves them.
    """
    mean = known.texts.mean if known.texts is not None else pairs.vectors.mean(axis=0)
    fitted: AlignedHead = (
        fit_ridge_head(pairs, mean, seed=seed)
        if form == "ridge"
        else fit_contrastive_head(pairs, mean, Recipe(seed=seed), threads=threads)
    )
    fitted = replace(
        fitted,
        metric=text_metric(known.texts, pairs.vectors),
        source_space=spaces[0],
        target_space=spaces[1],
    )
    of_products = len(np.unique(groups)) == len(np.unique(pairs.products))
    if gain is None:
        gain = GAIN if of_products else GAIN_OF_KINDS
    if known.texts is not None and gain and len(np.unique(groups)) > 1:
        quiet = quiet_directions(known.texts.moment, asked)
        fitted = with_visual_part(fitted, pairs.features, groups, quiet, gain, titles)
    head: AlignedHead | BlendedHead = fitted
    if known.default is not None and share:
        head = BlendedHead(fitted, known.default, share_of(len(pairs.features), share))
    if not of_products:
        head = with_centres(head, pairs.features, groups)
    return with_adapter(head, pairs.features, pairs.products, titles)


def share_of(pictures: int, share: float = SHARE) -> float:
    """Return the weight of the head that ships beside one fitted on so many pictures."""
    return share + FEW / max(pictures, 1)
