"""The gazetteer: the lexicon and one catalogue's own names, ready to be found in a query."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from mappings.schema import BRAND, CATEGORIES, TAGS
from query.understand.chinese import has_cjk
from query.understand.lexicon import Lexicon, Meaning, Meanings, Sense, phrase
from query.understand.sizes import plain_size
from query.understand.vocabulary import EMPTY, Vocabulary

Fold = Callable[[str], str]
MAX_PARTS = 5
MAX_CJK = 12
MAX_SHARE = 200
_KINDS: dict[str, Sense] = {"colour": "colour", "material": "material", "gender": "gender"}
_NAMED: tuple[tuple[str, str], ...] = (
    ("colour", r"颜色|顏色|色系|\bcolou?r"),
    ("material", r"材质|材質|面料|质地|\bmaterial|\bfabric"),
    ("gender", r"性别|性別|适用对象|适用性别|\bgender|\bsex\b|\baudience"),
    ("size", r"尺码|尺寸|尺碼|规格|容量|\bsize|\bcapacity"),
)
_NAMES = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _NAMED)
_SPLIT = re.compile(r"[/|>、]")


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """Words with their meanings, and how the catalogue writes what they mean.

    Args:
        meanings: Folded word or phrase to its meanings.
        values: Kind and value to the column and the catalogue's own values.
        brands: The folded brands; they are never corrected.
        vocabulary: What it was made from.
    """

    meanings: Meanings
    values: Mapping[tuple[str, str], tuple[str, tuple[str, ...]]]
    brands: frozenset[str]
    vocabulary: Vocabulary = EMPTY

    def column(self, kind: str, value: str) -> tuple[str, tuple[str, ...]]:
        """Return the column and the values that mean a property; empty where there are none."""
        return self.values.get((kind, value), ("", ()))


def gazetteer(
    lexicon: Lexicon, vocabulary: Vocabulary = EMPTY, simplified: Callable[[str], str] = str
) -> Gazetteer:
    """Return the lexicon joined with a catalogue's brands, categories and attribute values.

    Args:
        lexicon: What is known without a catalogue.
        vocabulary: The catalogue's words.
        simplified: Converts to simplified characters, in which queries are compared.
    """

    def fold(text: str) -> str:
        return simplified(phrase(text)) if has_cjk(text) else phrase(text)

    found: list[tuple[str, Meaning, str, str]] = [
        *_brands(lexicon, vocabulary, fold),
        *_categories(lexicon, vocabulary, fold),
        *_tags(lexicon, vocabulary, fold),
    ]
    meanings = {word: list(senses) for word, senses in lexicon.words.items()}
    values: dict[tuple[str, str], tuple[str, list[str]]] = {}
    for form, meaning, column, value in found:
        if form and _fits(form, meaning, lexicon):
            kept = meanings.setdefault(form, [])
            if meaning not in kept:
                kept.append(meaning)
        if column:
            own = values.setdefault((meaning.sense, meaning.value), (column, []))[1]
            if value not in own and len(own) < MAX_SHARE:
                own.append(value)
    return Gazetteer(
        {word: tuple(m) for word, m in meanings.items()},
        {key: (column, tuple(own)) for key, (column, own) in values.items()},
        frozenset(f for f, m, *_ in found if m.sense == "brand"),
        vocabulary,
    )


def _fits(form: str, meaning: Meaning, lexicon: Lexicon) -> bool:
    """Tell whether a catalogue's name may be looked for in queries.

    A brand named like an ordinary word, a single character or a number would be found everywhere.
    """
    if form.replace(" ", "").isdigit() or (len(form) == 1 and meaning.sense != "size"):
        return False
    other = {m.sense for m in lexicon.words.get(form, ())} - {meaning.sense}
    return not other if meaning.sense == "brand" else not other - {"thing"}


def _brands(
    lexicon: Lexicon, known: Vocabulary, fold: Fold
) -> Iterator[tuple[str, Meaning, str, str]]:
    alias = {form: row for row in lexicon.brands for form in row}
    for brand in known.brands:
        meaning = Meaning("brand", brand)
        forms = {fold(brand), *(fold(p) for p in _SPLIT.split(brand))}
        for form in sorted(forms | {a for f in forms for a in alias.get(f, ())}):
            yield form, meaning, BRAND.name, brand


def _categories(
    lexicon: Lexicon, known: Vocabulary, fold: Fold
) -> Iterator[tuple[str, Meaning, str, str]]:
    """Yield each category by its last part, in both numbers, and by every word for that thing.

    So 连衣裙 finds the category "Dresses".
    """
    named: dict[str, list[str]] = {}
    for word, meanings in lexicon.words.items():
        for meaning in meanings:
            if meaning.sense == "thing":
                named.setdefault(meaning.value, []).append(word)
    for category in known.categories:
        leaf = fold(_SPLIT.split(category)[-1])
        things = [m.value for m in lexicon.words.get(leaf, ()) if m.sense == "thing"]
        alike = [word for thing in things for word in named[thing]]
        for form in dict.fromkeys([*_numbers(leaf), *alike]) if leaf else ():
            yield form, Meaning("category", leaf), CATEGORIES.name, category


def _numbers(leaf: str) -> list[str]:
    """Return an English name in singular and plural, any other as it is."""
    if not leaf.isascii() or len(leaf) < 4:
        return [leaf]
    if leaf.endswith("ies"):
        return [leaf, f"{leaf[:-3]}y"]
    if leaf.endswith(("ses", "xes", "ches", "shes")):
        return [leaf, leaf[:-2], leaf[:-1]]
    return [leaf, leaf[:-1]] if leaf.endswith("s") else [leaf, f"{leaf}s"]


def _tags(
    lexicon: Lexicon, known: Vocabulary, fold: Fold
) -> Iterator[tuple[str, Meaning, str, str]]:
    for tag in known.tags:
        name, _, value = tag.partition("=")
        kind = next((k for k, pattern in _NAMES if pattern.search(name)), "")
        if kind == "size":
            # The form is not looked for: sizes are found by their shape.
            yield "", Meaning("size", plain_size(value)), TAGS.name, tag
            continue
        form = fold(value)
        known_as = [m for m in lexicon.words.get(form, ()) if m.sense in _KINDS]
        if known_as and (not kind or any(m.sense == kind for m in known_as)):
            for meaning in known_as:
                yield form, meaning, TAGS.name, tag
        elif kind and len(form) <= MAX_CJK * 2 and (has_cjk(form) or form.isascii()):
            yield from _unlisted(lexicon, kind, form, tag)


def _unlisted(
    lexicon: Lexicon, kind: str, form: str, tag: str
) -> Iterator[tuple[str, Meaning, str, str]]:
    """Yield a value that the lexicon lacks under its own name and under those that it contains.

    浅灰色拼接 is itself, and 灰色 too.
    """
    yield form, Meaning(_KINDS[kind], form), TAGS.name, tag
    parts = form.split() if not has_cjk(form) else _inner(form)
    for part in parts:
        for meaning in lexicon.words.get(part, ()):
            if meaning.sense == kind:
                yield "", meaning, TAGS.name, tag


def _inner(form: str) -> Iterator[str]:
    for start in range(len(form)):
        for end in range(start + 2, min(len(form), start + MAX_CJK) + 1):
            if form[start:end] != form:
                yield form[start:end]
