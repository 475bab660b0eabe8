"""Evaluates a tagger: a new one on a held-out fifth of a catalogue, or a saved one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from encoders.extract.gazetteer import Gazetteer, levels
from encoders.extract.tagger import Tagger
from learn.tagger.examples import examples, listed_spans
from learn.tagger.report import TaggerReport, report
from learn.tagger.training import OnEpoch, Recipe, train
from mappings.errors import InputError

if TYPE_CHECKING:
    from mappings.product import Product

FEWEST = 50
HELD_OUT = 0.2


def try_tagger(
    products: Sequence[Product],
    recipe: Recipe,
    *,
    learned_from: str,
    licence: str = "unknown",
    on_epoch: OnEpoch = lambda _: None,
) -> tuple[Tagger, TaggerReport]:
    """Return a tagger trained on four fifths of the products, and its report on the others.

    Args:
        products: Products with titles, most of them with attributes.
        recipe: How it is trained; its seed also decides who is left out.
        learned_from: For the card.
        licence: For the card.
        on_epoch: Called after each epoch.

    Raises:
        InputError: There are too few products, or their titles name none of their values.
    """
    if len(products) < FEWEST:
        raise InputError(
            f"{len(products)} products are too few to train a tagger and to judge it.",
            f"Give a catalogue of at least {FEWEST}, with attributes that its titles name.",
        )
    order = np.random.default_rng(recipe.seed).permutation(len(products))
    cut = round(len(products) * HELD_OUT)
    others = [products[int(n)] for n in order[cut:]]
    tagger = train(
        examples(others, seed=recipe.seed), Gazetteer.learn(others, categories=False), recipe,
        learned_from=learned_from, licence=licence, on_epoch=on_epoch,
    )  # fmt: skip
    return tagger, judge(tagger, [products[int(n)] for n in order[:cut]])


def judge(tagger: Tagger, products: Sequence[Product]) -> TaggerReport:
    """Return a tagger's report on products' titles, against the values that they list.

    Args:
        tagger: What is asked, beside its own gazetteer.
        products: Best such that the tagger has not seen.

    Raises:
        InputError: seqeval is not installed.
    """
    texts = [product.title for product in products]
    gold = [listed_spans(product) for product in products]
    found = tagger.find_many(texts, [levels(product) for product in products])
    return report(texts, gold, found, [tagger.gazetteer.find(text) for text in texts])
