"""The lexicon: words whose meaning is known without a catalogue, in Chinese and English."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal

Sense = Literal[
    "colour", "material", "gender", "brand", "category", "look", "thing",
    "size", "function", "preposition", "general", "measure",
]  # fmt: skip
_PROPERTIES: dict[str, Sense] = {
    "colours": "colour", "materials": "material", "genders": "gender", "looks": "look",
    "things": "thing",
}  # fmt: skip
_GROUPS: dict[str, Sense] = {
    "function": "function", "preposition": "preposition", "general": "general",
    "measure": "measure",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meaning:
    """One meaning of a word.

    Args:
        sense: What kind of word it is.
        value: The name of its row, such as ``red``; the catalogue's own for brand and category.
    """

    sense: Sense
    value: str


Meanings = Mapping[str, tuple[Meaning, ...]]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words with their meanings, folded; the words of an English phrase part by one space."""

    words: Meanings
    brands: tuple[tuple[str, ...], ...]
    synonyms: tuple[tuple[str, ...], ...]
    currencies: Mapping[str, str]


@lru_cache(maxsize=1)
def built_in() -> Lexicon:
    """Return the lexicon that the package brings, read once."""
    words: dict[str, list[Meaning]] = {}
    for name, sense in _PROPERTIES.items():
        for value, *forms in _rows(name):
            for form in forms:
                _add(words, form, Meaning(sense, value))
    for value, *forms in _rows("words"):
        for form in forms:
            _add(words, form, Meaning(_GROUPS[value], value))
    brands = tuple(tuple(phrase(f) for f in row) for row in _brand_rows())
    synonyms = tuple(tuple(phrase(f) for f in line.split()) for line in _lines("synonyms"))
    currencies = {form: code for code, *forms in _rows("currencies") for form in forms}
    return Lexicon({w: tuple(m) for w, m in words.items()}, brands, synonyms, currencies)


def phrase(form: str) -> str:
    """Return a word as it is looked up: lower case, its parts by one space."""
    return " ".join(form.lower().replace("-", " ").split())


def _add(words: dict[str, list[Meaning]], form: str, meaning: Meaning) -> None:
    kept = words.setdefault(phrase(form), [])
    if meaning not in kept and form != "-":
        kept.append(meaning)


def _rows(name: str) -> Iterator[list[str]]:
    for line in _lines(name):
        value, *columns = line.split("\t")
        yield [value, *(form for column in columns for form in column.split())]


def _brand_rows() -> Iterator[list[str]]:
    for line in _lines("brands"):
        name, _, others = line.partition("\t")
        yield [name, *others.split()]


def _lines(name: str) -> Iterator[str]:
    text = files(__package__).joinpath("lexicons", f"{name}.tsv").read_text("utf-8")
    return (line for line in text.splitlines() if line and not line.startswith("#"))
