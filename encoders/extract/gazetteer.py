"""A gazetteer: the attribute values that a catalogue lists, matched in its texts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from encoders.atomic_io import read_record, write_atomically
from encoders.card import digest_of
from encoders.extract.plain import cuts_word, plain
from encoders.extract.spans import Span, without_overlaps

if TYPE_CHECKING:
    from mappings.product import Product

LONGEST = 24
"""Characters of the longest value that is matched."""
PRIOR = 3.0
"""Pseudo-count of products by which a category is smoothed towards the wider one."""
BRAND, CATEGORY = "brand", "category"


@dataclass(frozen=True, slots=True)
class Entry:
    """The statistics of one value in a catalogue.

    Args:
        names: Attribute name to how many products list the value under it.
        occurrences: Titles that contain the value.
        listed: Those of them whose product lists it.
        within: Category to the same two counts, of its products only.
    """

    names: Mapping[str, int]
    occurrences: int = 0
    listed: int = 0
    within: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name under which most products list it; the first in the alphabet of equals."""
        return max(sorted(self.names), key=lambda n: self.names[n])

    @property
    def trust(self) -> float:
        """The share of titles containing it whose product lists it, smoothed; 0.5 without data."""
        return (self.listed + 0.5) / (self.occurrences + 1.0)

    def trust_within(self, categories: Sequence[str]) -> float:
        """Return the trust among products of these categories, from the widest to the narrowest.

        Each level is smoothed towards the level above it by ``PRIOR`` products.
        """
        trust = self.trust
        for category in categories:
            shown, told = self.within.get(category, (0, 0))
            trust = (told + PRIOR * trust) / (shown + PRIOR)
        return trust


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """Values and their statistics.

    Args:
        entries: Plain value to its entry.
        least: Values of less trust are not matched.
        habits: Category to attribute name to the share of its products that list the name; the
            empty category stands for all.
    """

    entries: Mapping[str, Entry]
    least: float = 0.3
    habits: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    lengths: tuple[int, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lengths", tuple(sorted({len(v) for v in self.entries})))

    @property
    def digest(self) -> str:
        """Twelve hexadecimal characters that change with any entry."""
        return digest_of(self._record())

    @classmethod
    def learn(
        cls, products: Iterable[Product], *, least: float = 0.3, categories: bool = True
    ) -> Gazetteer:
        """Return the values of a catalogue: its attributes, brands and categories.

        Args:
            products: Give the values, and the titles in which they are counted.
            least: As in ``Gazetteer``.
            categories: Whether names of categories are values too.
        """
        known = [(plain(p.title), listed_values(p, categories), levels(p)) for p in products]
        names: dict[str, Counter[str]] = {}
        for _, listed, _ in known:
            for value, own in listed.items():
                names.setdefault(value, Counter()).update(own)
        shown: dict[str, Counter[str]] = {value: Counter() for value in names}
        told: dict[str, Counter[str]] = {value: Counter() for value in names}
        lengths = sorted({len(value) for value in names})
        for title, listed, shelves in known:
            found = {title[a:b] for a, b in _stretches(title, names, lengths)}
            for value in found:
                shown[value].update(("", *shelves))
                if value in listed:
                    told[value].update(("", *shelves))
        entries = {
            value: Entry(
                dict(own), shown[value][""], told[value][""],
                {c: (n, told[value][c]) for c, n in sorted(shown[value].items()) if c},
            )
            for value, own in sorted(names.items())
        }  # fmt: skip
        return cls(entries, least, _habits([(listed, own) for _, listed, own in known]))

    def habit(self, entry: Entry, categories: Sequence[str]) -> float:
        """Return how often products of these categories list the entry's name, in [0, 1]."""
        everywhere = self.habits.get("", {})
        rates = [everywhere.get(name, 0.0) for name in entry.names]
        for category in categories:
            own = self.habits.get(category)
            if own is not None:
                rates = [own.get(name, 0.0) for name in entry.names]
        return max(rates, default=0.0)

    def matches(self, text: str) -> Iterator[tuple[Span, Entry]]:
        """Yield every value in a plain text, overlapping ones too, whatever its trust."""
        for start, end in _stretches(text, self.entries, self.lengths):
            entry = self.entries[text[start:end]]
            yield Span(start, end, entry.name), entry

    def find(self, text: str) -> tuple[Span, ...]:
        """Return the trusted values in a text; of overlapping ones the longest.

        Args:
            text: As written; it is normalised here.
        """
        found = self.matches(plain(text))
        return without_overlaps(span for span, entry in found if entry.trust >= self.least)

    def save(self, path: Path) -> None:
        """Write the values as JSON, whole or not at all."""
        write_atomically(path, json.dumps(self._record(), ensure_ascii=False))

    @classmethod
    def load(cls, path: Path) -> Gazetteer:
        """Return what ``save`` wrote.

        Raises:
            InputError: The file is missing, or holds something else.
        """
        cure = "Ingest the catalogue into a new index, or restore the file."
        with read_record(path, "gazetteer", cure) as record:
            entries = {
                str(value): Entry(
                    {str(k): int(n) for k, n in names.items()}, int(shown), int(told),
                    {str(c): (int(a), int(b)) for c, (a, b) in within.items()},
                )
                for value, (names, shown, told, within) in record["entries"].items()
            }  # fmt: skip
            habits = {
                str(c): {str(k): float(x) for k, x in own.items()}
                for c, own in record["habits"].items()
            }
            found = cls(entries, float(record["least"]), habits)
        return found

    def _record(self) -> dict[str, object]:
        entries = {
            v: [dict(e.names), e.occurrences, e.listed, {c: list(n) for c, n in e.within.items()}]
            for v, e in self.entries.items()
        }
        habits = {c: dict(own) for c, own in self.habits.items()}
        return {"entries": entries, "least": self.least, "habits": habits}


def listed_values(product: Product, categories: bool = True) -> dict[str, set[str]]:
    """Return the plain values that a product lists, to the names it lists them under.

    Args:
        product: Whose attributes and brand are listed.
        categories: Whether its categories are listed too.
    """
    found: dict[str, set[str]] = {}
    columns = [*product.attributes.items(), (BRAND, [product.brand])]
    if categories:
        columns.append((CATEGORY, product.categories))
    for name, values in columns:
        for value in values:
            key = plain(value.strip())
            if 0 < len(key) <= LONGEST:
                found.setdefault(key, set()).add(name)
    return found


def levels(product: Product) -> tuple[str, ...]:
    """Return the product's first and last category: the widest and the narrowest."""
    own = product.categories
    return tuple(dict.fromkeys((own[0], own[-1]))) if own else ()


def _habits(
    known: Sequence[tuple[dict[str, set[str]], tuple[str, ...]]],
) -> dict[str, dict[str, float]]:
    """Return the share of products that list each name, per category and overall."""
    sizes, counted = Counter[str](), dict[str, Counter[str]]()
    for listed, categories in known:
        own = {name for names in listed.values() for name in names}
        for category in ("", *categories):
            sizes[category] += 1
            counted.setdefault(category, Counter()).update(own)
    everywhere = {n: c / max(1, sizes[""]) for n, c in counted.get("", Counter[str]()).items()}
    return {
        category: {
            name: round((count + PRIOR * everywhere[name]) / (sizes[category] + PRIOR), 4)
            for name, count in sorted(names.items())
        }
        for category, names in sorted(counted.items())
    }


def _stretches(
    text: str, values: Container[str], lengths: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Yield the places of values in a text that do not split a word or a number."""
    size = len(text)
    for start in range(size):
        for length in lengths:
            end = start + length
            if end > size:
                break
            if text[start:end] in values and not cuts_word(text, start, end):
                yield start, end
