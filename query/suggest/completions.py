"""Completions in memory: every text under its own letters, its pinyin and its initials.

They lie in the process and not in an index of their own: what is worth suggesting is bounded by
the vocabulary (some 100,000 texts, however many products there are), a search in a sorted list
takes microseconds where a request takes a millisecond, and there is nothing to keep in step when
products are written. The price is some 50 MB a process, and news after ten minutes.
"""

import heapq
import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from query.suggest.suggestion import MatchKind, Source, Suggestion
from query.understand.chinese import has_cjk
from query.understand.vocabulary import Vocabulary

MOST: dict[Source, int] = {
    "query": 10_000, "category": 10_000, "brand": 10_000, "value": 20_000, "word": 30_000,
    "title": 20_000,
}  # fmt: skip
# What a source counts beside how often its text occurs, and what a way to find it takes off.
_WORTH: dict[Source, float] = {
    "query": 6.0, "category": 4.0, "brand": 3.0, "value": 1.0, "word": 1.0, "title": 0.0,
}  # fmt: skip
_COST: dict[MatchKind, float] = {"prefix": 0.0, "pinyin": 2.0, "word": 4.0, "initials": 5.0}
MAX_PARTS = 4
# Texts longer than this are not found by their sound: nobody spells a whole title.
SPOKEN = 10
# Beginnings so short are ranked when the list is made: too many texts have them.
SHORT = 2
KEPT = 40


@dataclass(frozen=True, slots=True)
class Text:
    """A text that can be suggested, with its folded form."""

    text: str
    folded: str
    source: Source
    count: int

    @property
    def worth(self) -> float:
        """How likely it is to be meant."""
        return _WORTH[self.source] + math.log1p(self.count)


class Completions:
    """Texts that can be completed by their beginnings.

    Args:
        texts: What can be suggested; of two with the same folded form the first is kept.
        sounds: Spells a text in pinyin, a syllable for each Chinese character.
    """

    def __init__(self, texts: Iterable[Text], sounds: Callable[[str], Sequence[str]]) -> None:
        kept: dict[str, Text] = {}
        for text in texts:
            kept.setdefault(text.folded, text)
        self._texts = tuple(kept.values())
        self._worth = [text.worth for text in self._texts]
        self._known = kept
        keys = sorted(
            (key, n, found) for n, t in enumerate(self._texts) for key, found in _keys(t, sounds)
        )
        self._keys = [key for key, _, _ in keys]
        self._rows = [(n, found) for _, n, found in keys]
        self._ranked = {form: self._best(form, KEPT) for form in self._beginnings()}

    def __len__(self) -> int:
        return len(self._texts)

    def complete(self, typed: str, size: int) -> list[Suggestion]:
        """Return the best texts that begin with what was typed, in letters or in sound.

        Args:
            typed: Folded: lower case, simplified.
            size: At most so many.
        """
        if len(typed) <= SHORT and size <= KEPT:
            return self._ranked.get(typed, [])[:size]
        return self._best(typed, size)

    def _best(self, typed: str, size: int) -> list[Suggestion]:
        found: dict[int, tuple[float, MatchKind]] = {}
        for form in {typed, typed.replace(" ", "")}:
            for n, how in self._range(form):
                worth = self._worth[n] - _COST[how]
                if n not in found or worth > found[n][0]:
                    found[n] = (worth, how)
        best = heapq.nsmallest(
            size, found, key=lambda n: (-found[n][0], len(self._texts[n].text), self._texts[n].text)
        )
        return [_suggestion(self._texts[n], found[n][1]) for n in best]

    def _beginnings(self) -> set[str]:
        return {key[:length] for key in self._keys for length in range(1, SHORT + 1)}

    def knows(self, folded: str) -> bool:
        """Tell whether a folded text is one of these."""
        return folded in self._known

    def _range(self, form: str) -> Iterator[tuple[int, MatchKind]]:
        if not form:
            return
        at = bisect_left(self._keys, form)
        while at < len(self._keys) and self._keys[at].startswith(form):
            yield self._rows[at]
            at += 1


def _keys(text: Text, sounds: Callable[[str], Sequence[str]]) -> Iterator[tuple[str, MatchKind]]:
    yield text.folded, "prefix"
    if has_cjk(text.folded) and len(text.folded) <= SPOKEN:
        spelled = sounds(text.folded)
        yield "".join(spelled).replace(" ", ""), "pinyin"
        if len(text.folded) >= 2:
            yield "".join(s[:1] for s in spelled).replace(" ", ""), "initials"
    words = text.folded.split()
    for n in range(1, min(len(words), MAX_PARTS)):
        yield " ".join(words[n:]), "word"


def _suggestion(text: Text, found: MatchKind) -> Suggestion:
    return Suggestion(text.text, text.source, text.count, found)


def texts_of(
    vocabulary: Vocabulary, popular: Mapping[str, int], fold: Callable[[str], str]
) -> Iterator[Text]:
    """Yield what can be suggested of a catalogue and of what was asked before.

    Args:
        vocabulary: The catalogue's words.
        popular: Query to the times that it was asked.
        fold: Brings a text into lower case and simplified characters.
    """
    sources: tuple[tuple[Source, Mapping[str, int]], ...] = (
        ("query", popular),
        ("category", _leaves(vocabulary.categories)),
        ("brand", vocabulary.brands),
        ("value", _values(vocabulary.tags)),
        ("word", {w: n for w, n in vocabulary.words.items() if n >= 2 and len(w) >= 2}),
        ("title", vocabulary.titles),
    )
    for source, counts in sources:
        best = heapq.nlargest(MOST[source], counts.items(), key=lambda pair: (pair[1], pair[0]))
        for text, count in best:
            if folded := fold(text):
                yield Text(text, folded, source, count)


class Fold:
    """Brings texts into the form under which they are found.

    Args:
        simplified: Converts to simplified characters.
    """

    def __init__(self, simplified: Callable[[str], str]) -> None:
        self._simplified = simplified

    def __call__(self, text: str) -> str:
        """Return a text in lower case, simplified, with single spaces."""
        lower = " ".join(text.lower().split())
        return self._simplified(lower) if has_cjk(lower) else lower


def _leaves(categories: Mapping[str, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for category, count in categories.items():
        for part in category.replace(">", "/").split("/"):
            if name := part.strip():
                found[name] = found.get(name, 0) + count
    return found


def _values(tags: Mapping[str, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for tag, count in tags.items():
        value = tag.partition("=")[2].strip()
        # 42, 1.5 and yes are no queries.
        if len(value) >= 2 and any(c.isalpha() for c in value) and len(value) <= 32:
            found[value] = found.get(value, 0) + count
    return found
