"""First names: for whom a thing is whose title begins with one, as in "Josie Yoga Jacket"."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files

import numpy as np

from encoders.protocol import Vectors

_FIRST = re.compile(r"[^\w]*([^\W\d_]+)")


class FirstNames:
    """Women's and men's first names, in Latin letters.

    Fashion shops name products after people, and the name says whose department the product is
    in, which a text encoder hardly knows. Names that mostly women or mostly men bear; none that is
    also a word for a thing (jean, ginger). ``learn.align.names`` makes the file.

    Args:
        women: In small letters.
        men: In small letters.
    """

    def __init__(self, women: Iterable[str], men: Iterable[str]) -> None:
        self._known = dict.fromkeys(women, 1.0) | dict.fromkeys(men, -1.0)

    def __len__(self) -> int:
        return len(self._known)

    def gender(self, text: str) -> float:
        """Return 1 where the first word is a woman's first name, -1 for a man's, 0 otherwise."""
        first = _FIRST.match(text)
        return self._known.get(first[1].lower(), 0.0) if first else 0.0

    def genders(self, texts: Sequence[str]) -> Vectors:
        """Return float32 (n,), the gender of each text."""
        return np.array([self.gender(text) for text in texts], dtype=np.float32)


@cache
def load_names() -> FirstNames:
    """Return the names that ship."""
    packed = (files("encoders.kinds") / "names.txt.gz").read_bytes()
    lines = gzip.decompress(packed).decode("ascii").splitlines()
    women, men = (line.split() for line in lines if not line.startswith("#"))
    return FirstNames(women, men)
