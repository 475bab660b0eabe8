"""Aligning a catalogue's pictures with its texts: pairs from products, a head from pairs."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from encoders.attributes import attribute_key, attribute_text
from encoders.cache import content_key
from mappings.product import Product
from shelfsight.settings import Settings, home

if TYPE_CHECKING:
    from encoders.concepts.lexicon import Concept
    from encoders.head import Head
    from encoders.protocol import ImageEncoder, TextEncoder
    from learn.align.held_out import Questions
    from learn.align.pairs import Pairs, TrainingText
    from learn.align.recipe import Known

Vectors = NDArray[np.float32]
Encode = Callable[[Mapping[str, str], bool], dict[str, Vectors]]
"""Key to text, and whether as a query, to key to float32 (d,)."""
SEVERAL = 1.5
"""Pictures a product from which on a product's own pictures are brought together."""


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What a head is fitted on and judged by.

    Args:
        pairs: Pictures and their texts; ``products`` are places in ``questions``.
        asked: float32 (s, d), texts that queries look like.
        groups: int64 (n,), pictures that belong near each other.
        questions: What held-out products are asked with.
    """

    pairs: "Pairs"
    asked: Vectors
    groups: NDArray[np.int64]
    questions: "Questions"


def query_key(text: str) -> str:
    """Return the spool's key of a text that is encoded as a query."""
    return content_key(f"as query, 1\n{text}")


def alignment_path(settings: Settings) -> Path:
    """Return the file that ``shelfsight align fit`` leaves for the alias's next index."""
    return home(settings) / "alignments" / f"{settings.alias}.safetensors"


def kept_head(path: Path, text: "TextEncoder", image: "ImageEncoder") -> "Head | None":
    """Return the head that was fitted for these encoders, ``None`` where there is none.

    One of other encoders is named on standard error and left where it is.

    Raises:
        InputError: The file is there and cannot be read.
    """
    from encoders.head import load_head

    if not path.exists():
        return None
    head = load_head(path)
    if (head.source_space, head.target_space) == (image.card.space, text.card.space):
        return head
    print(  # noqa: T201 - the program's voice
        f"warning: {path} was fitted for {head.source_space} and {head.target_space}, not for"
        f" {image.card.space} and {text.card.space}: it is not used. Run `shelfsight align fit`"
        " again.",
        file=sys.stderr,
    )
    return None


def known_before(text: "TextEncoder", image: "ImageEncoder") -> "Known":
    """Return what ships for these encoders: generic texts' statistics and the default head."""
    from learn.align.generic import default_head, load_generic
    from learn.align.recipe import Known

    generic = load_generic(text.card)
    if generic is None:
        return Known()
    return Known(generic.texts, default_head(generic, text.card, image))


def known_made(text: "TextEncoder", image: "ImageEncoder") -> "Known":
    """Return what ``known_before`` does for a text encoder that nothing ships for: made here.

    It reads a few thousand names with the encoder: seconds to minutes.
    """
    from encoders.concepts.lexicon import load_lexicon
    from learn.align.generic import default_head, make_generic
    from learn.align.recipe import Known

    generic = make_generic(text, load_lexicon())
    return Known(generic.texts, default_head(generic, text.card, image))


def make_material(
    products: Sequence[Product],
    owners: Sequence[int],
    features: Vectors,
    encode: Encode,
    concepts: "Sequence[Concept]" = (),
) -> Material | None:
    """Return what can be learned from, ``None`` with fewer than 2 pictures that have a text.

    Args:
        products: Whose pictures.
        owners: Place in ``products`` of each picture.
        features: float32 (n, d_in), a row a picture.
        encode: Turns texts into vectors, through the spool.
        concepts: The lexicon; empty for the products' own words alone.
    """
    from learn.align.pairs import Pairs, distinct_texts, weigh
    from learn.align.training_texts import training_texts

    said = [training_texts(p, concepts) for p in products]
    rows = [row for row, owner in enumerate(owners) if said[owner]]
    if len(rows) < 2:
        return None
    own = [said[owners[row]] for row in rows]
    texts = distinct_texts(own)
    vectors = _text_vectors(products, own, texts, encode)
    places = np.array([owners[row] for row in rows], dtype=np.int64)
    pairs = Pairs(features[rows], vectors, weigh(own, texts), places)
    questions = _questions(products, encode)
    return Material(
        pairs,
        _question_vectors(questions, vectors),
        _groups(places, questions.category_index),
        questions,
    )


def _text_vectors(
    products: Sequence[Product],
    said: "Sequence[Sequence[TrainingText]]",
    texts: Sequence[str],
    encode: Encode,
) -> Vectors:
    """Return float32 (t, d): product texts as products are encoded, all others as queries."""
    whole = {s.text for one in said for s in one if s.kind == "product"}
    queried = {s.text for one in said for s in one if s.kind != "product"}
    values = {attribute_text(t): attribute_key(t) for p in products for t in p.tags}
    keys = {text: values.get(text) or query_key(text) for text in texts if text in queried}
    found = encode({key: text for text, key in keys.items()}, True)
    passages = {content_key(text): text for text in texts if text in whole - queried}
    found |= encode(passages, False)
    return np.stack([found[keys.get(text) or content_key(text)] for text in texts])


def _questions(products: Sequence[Product], encode: Encode) -> "Questions":
    from learn.align.held_out import Questions

    titles = [" ".join(p.title.split()) for p in products]
    leaves = [p.categories[-1].replace(">", "/").rpartition("/")[2].strip() if p.categories else ""
              for p in products]  # fmt: skip
    names = sorted({leaf for leaf in leaves if leaf})
    asked = [*{t: None for t in titles if t}, *names]
    found = encode({query_key(text): text for text in asked}, True)
    d = len(next(iter(found.values()))) if found else 0
    none = np.zeros(d, dtype=np.float32)
    return Questions(
        np.stack([found[query_key(t)] if t else none for t in titles]),
        np.array([bool(t) for t in titles]),
        np.stack([found[query_key(n)] for n in names]) if names else np.zeros((0, d), np.float32),
        np.array([names.index(leaf) if leaf else -1 for leaf in leaves], dtype=np.int64),
    )


def _question_vectors(questions: "Questions", vectors: Vectors) -> Vectors:
    """Return the titles, or where there are few, all texts."""
    titles = questions.titles[questions.titled]
    return titles if len(titles) > 1 else vectors


def _groups(products: NDArray[np.int64], kinds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return products where most show several pictures, else categories where there are any."""
    if len(products) >= SEVERAL * len(np.unique(products)) or (kinds[products] < 0).all():
        return products
    return kinds[products]
