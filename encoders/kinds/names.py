"""First names: for whom a thing is whose title begins with one, as in "Josie Yoga Jacket"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from encoders.kinds.shipped import read_lines
from encoders.protocol import Vectors

FILE = "names.txt.gz"

# A whole word of letters: neither a shop's "Levi's" nor a model's "Max3".
_FIRST = re.compile(r"[^\w]*([^\W\d_]+)(?![\w'\u2019])")


class FirstNames:
    """Women's and men's first names, in Latin letters.

    Fashion shops name products after people, and the name says whose department the product is
    in, which a text encoder hardly knows. Names that mostly women or mostly men bear; none that is
    also a word of English (red, summer, jean). ``learn.align.names`` makes the file.

    Args:
        women: In small letters.
        men: In small letters.
    """

    def __init__(self, women: Iterable[str], men: Iterable[str]) -> None:
        self._known = dict.fromkeys(women, 1.0) | dict.fromkeys(men, -1.0)

    def __len__(self) -> int:
        return len(self._known)

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def first(self, text: str) -> str:
        """Return the name that a text begins with, in small letters; empty where it is none."""
        word = _FIRST.match(text)
        name = word[1].lower() if word else ""
        return name if name in self._known else ""

    def gender(self, text: str) -> float:
        """Return 1 where a text begins with a woman's first name, -1 with a man's, else 0."""
        return self._known.get(self.first(text), 0.0)

    def firsts(self, texts: Iterable[str]) -> NDArray[np.str_]:
        """Return (n,), the name that each text begins with; empty for none."""
        return np.array([self.first(text) for text in texts], dtype=np.str_)

    def genders(self, texts: Iterable[str]) -> Vectors:
        """Return float32 (n,), the gender of each text, or of each name alone."""
        return np.array([self.gender(text) for text in texts], dtype=np.float32)


@cache
def load_names() -> FirstNames:
    """Return the names that ship."""
    women, men = (line.split() for line in read_lines(FILE))
    return FirstNames(women, men)
