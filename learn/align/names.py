"""``python -m learn.align.names CENSUS WORDNET`` makes the first names that ship.

CENSUS is a folder with the United States Census Bureau's ``dist.female.first`` and
``dist.male.first`` of 1990, as the PyPI package ``names`` has them; names that they lack come from
the package ``Faker``, which has those of many countries and must be installed. WORDNET is WordNet
3.1's ``dict``, whose words are no names.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from pkgutil import iter_modules

from encoders.kinds.english import load_things
from encoders.kinds.names import FILE
from encoders.kinds.shipped import write_lines
from learn.align.things import read_senses, read_synsets

HEADER = (
    "# women's first names, then men's; from the US Census of 1990 and Faker {}, without the words"
    " of WordNet 3.1; see NAMES-LICENCE.txt"
)
MOSTLY = 0.5
"""By how much the larger part of those who bear a name is to be above the smaller."""
SHORTEST = 3
_LATIN = re.compile("[a-z]+")
Counts = Mapping[str, float]


def read_census(lines: Iterable[str]) -> dict[str, float]:
    """Return the per cent of people who bear each name."""
    return {parts[0].lower(): float(parts[1]) for line in lines if (parts := line.split())}


def faker_names() -> tuple[Counts, Counts]:
    """Return in how many of Faker's countries each name is a woman's, and a man's."""
    person = import_module("faker.providers.person")
    found: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    for country in iter_modules(person.__path__):
        provider = import_module(f"{person.__name__}.{country.name}").Provider
        for counts, which in zip(found, ("first_names_female", "first_names_male"), strict=True):
            counts.update({name.lower() for name in getattr(provider, which, ())})
    return found


def read_words(wordnet: Path) -> set[str]:
    """Return the words of WordNet that are more than a particular person's or place's name."""

    def lines(name: str) -> list[str]:
        return (wordnet / name).read_text("utf-8").splitlines()

    nouns, senses = read_synsets(lines("data.noun")), read_senses(lines("index.noun"))
    found = {w for w, offsets in senses.items() if not all(nouns[o].particular for o in offsets)}
    return found.union(*(read_senses(lines(f"index.{pos}")) for pos in ("adj", "verb", "adv")))


def share(name: str, women: Counts, men: Counts) -> float | None:
    """Return -1 for only men to 1 for only women, ``None`` where nobody bears the name."""
    own, other = women.get(name, 0.0), men.get(name, 0.0)
    return (own - other) / (own + other) if own + other else None


def told(sources: Iterable[tuple[Counts, Counts]], words: Collection[str]) -> dict[str, float]:
    """Return each name's share, of the first source that knows it.

    Args:
        sources: Women's and men's names.
        words: What is no name here, plurals of things aside.
    """
    things, found = load_things(), dict[str, float]()
    for women, men in sources:
        for name in sorted({*women, *men} - found.keys()):
            of = share(name, women, men)
            if of is not None and len(name) >= SHORTEST and _LATIN.fullmatch(name):
                found[name] = 0.0 if name in words or things.base(name) else of
    return found


def main() -> None:
    """Write the file that ships."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("census", type=Path)
    options.add_argument("wordnet", type=Path)
    given = options.parse_args()
    women, men = (
        read_census((given.census / f"dist.{who}.first").read_text("ascii").splitlines())
        for who in ("female", "male")
    )
    shares = told([(women, men), faker_names()], read_words(given.wordnet))
    lines = [
        " ".join(sorted(name for name, of in shares.items() if sign * of >= MOSTLY))
        for sign in (1, -1)
    ]
    write_lines(FILE, HEADER.format(version("faker")), lines)


if __name__ == "__main__":
    main()
