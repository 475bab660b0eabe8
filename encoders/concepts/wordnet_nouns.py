"""Synonyms and hypernyms of English nouns for things that shops sell, from WordNet 3.1."""

from __future__ import annotations

from functools import cache

from encoders.concepts.package_data import read_lines

FILE = "wordnet_nouns.tsv.gz"
ENDINGS = (("ies", "y"), ("ves", "f"), ("ses", "s"), ("es", ""), ("s", ""))
"""Plural endings and what the singular has instead, tried in order."""


class WordNetNouns:
    """A dictionary of nouns: a word, and its synonyms and direct hypernyms.

    It holds the nouns of which WordNet has a sense that is an artefact or food; their first such
    sense counts. ``learn.align.extract_wordnet`` makes the file.
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
        """Return the word's form in the dictionary, empty where it is not there.

        Args:
            word: In lower case; plurals, and compounds joined or hyphenated, are found too.
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
        """Return a word's synonyms and direct hypernyms, none where it is not there."""
        return self._glosses.get(self.base(word), ())


@cache
def load_wordnet_nouns() -> WordNetNouns:
    """Return the dictionary that ships."""
    parts = (line.split("\t") for line in read_lines(FILE))
    return WordNetNouns({word: tuple(rest) for word, *rest in parts})
