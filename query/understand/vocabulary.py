"""The vocabulary: what words, brands, categories and tags a catalogue has, with their counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A catalogue's own words; every count is a number of products.

    Args:
        index: The concrete index that it was read from.
        brands: Brand to count.
        categories: Category to count.
        tags: ``name=value`` to count.
        words: Words of titles, in lower case, to count.
        currencies: ISO code to count.
        titles: Titles that are short enough to be suggested, with the count of equal ones.
        traditional: Whether titles hold traditional characters.
    """

    index: str = ""
    brands: Mapping[str, int] = field(default_factory=dict)
    categories: Mapping[str, int] = field(default_factory=dict)
    tags: Mapping[str, int] = field(default_factory=dict)
    words: Mapping[str, int] = field(default_factory=dict)
    currencies: Mapping[str, int] = field(default_factory=dict)
    titles: Mapping[str, int] = field(default_factory=dict)
    traditional: bool = False

    @property
    def known(self) -> bool:
        """Whether anything was read at all."""
        return bool(self.words or self.brands or self.categories)


EMPTY = Vocabulary()
