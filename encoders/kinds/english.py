"""What English words for things mean: synonyms and the next wider words, from WordNet 3.1."""

from __future__ import annotations

from functools import cache

from encoders.kinds.shipped import read_lines

FILE = "things.tsv.gz"

ENDINGS = (("ies", "y"), ("ves", "f"), ("ses", "s"), ("es", ""), ("s", ""))
"""Plural endings and what the singular has instead, tried in order."""


class Things:
    """A dictionary of things: a word, and what else it is called or is a kind of.

    The words are the nouns of which WordNet knows a sense that is an artefact or food; their first
    such sense counts. ``learn.align.things`` makes the file.
    """

    def __init__(self, glosses: dict[str, tuple[str, ...]]) -> None:
        self._glosses = glosses

    def __len__(self) -> int:
        return len(self._glosses)

    @property
    def words(self) -> tuple[str, ...]:
        """Every word, in the file's order."""
        return tuple(self._glosses)

    def base(self, word: str) -> str:
        """Return the word as the dictionary has it, empty where it is not there.

        Args:
            word: In small letters; a plural or another way of joining its parts will do.
        """
        spaced = word.replace("-", " ")
        for form in dict.fromkeys((word, spaced, spaced.replace(" ", ""))):
            if form in self._glosses:
                return form
        for ending, instead in ENDINGS:
            if spaced.endswith(ending):
                form = spaced.removesuffix(ending) + instead
                if form in self._glosses:
                    return form
        return ""

    def glosses(self, word: str) -> tuple[str, ...]:
        """Return a word's synonyms and next wider words, none where it is not there."""
        return self._glosses.get(self.base(word), ())


@cache
def load_things() -> Things:
    """Return the dictionary that ships."""
    parts = (line.split("\t") for line in read_lines(FILE))
    return Things({word: tuple(rest) for word, *rest in parts})
