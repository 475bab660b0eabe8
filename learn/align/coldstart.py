"""The targets of the head that ships: text vectors for the classes of an image classifier."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from encoders.concepts.lexicon import Concept
from encoders.protocol import TextEncoder, Vectors, unit_rows

SHOP = 2.0
"""Weight of the lexicon's terms for a class against its own two names."""


def class_targets(
    names: Sequence[Sequence[str]],
    concepts: Sequence[Concept],
    english: Sequence[str],
    text: TextEncoder,
) -> Vectors:
    """Return float32 (classes, 384): the target of each class in the text space.

    Args:
        names: The names of the classes, once for each language.
        concepts: The lexicon, whose ``imagenet_classes`` names classes in English.
        english: The English names, by which concepts refer to classes; the first of equals counts.
        text: Encodes names as queries.
    """
    spoken = [text.encode_query(language) for language in names]
    named = np.mean(spoken, axis=0)
    middle = named.mean(axis=0)
    found = unit_rows(named - middle)
    place = {name: i for i, name in reversed(list(enumerate(english)))}
    told = np.stack([_term_mean(concept, text) for concept in concepts])
    told = unit_rows(told - told.mean(axis=0))
    shop = np.zeros_like(found)
    for concept, vector in zip(concepts, told, strict=True):
        for name, weight in concept.imagenet_classes:
            shop[place[name]] += weight * vector
    length = np.linalg.norm(shop, axis=1, keepdims=True)
    shop = np.divide(shop, length, out=np.zeros_like(shop), where=length > 0)
    return unit_rows(found + SHOP * shop)


def _term_mean(concept: Concept, text: TextEncoder) -> Vectors:
    """Return the mean of the languages' means, so that neither outweighs the other."""
    parts = [text.encode_query(t).mean(axis=0) for t in (concept.english, concept.chinese) if t]
    return np.asarray(np.mean(parts, axis=0), dtype=np.float32)
