"""The suggester: what a person has typed so far, completed in every way that is known."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from mappings.errors import InputError
from query.model.input_limits import MAX_TEXT, plain_text
from query.suggest.completions import Completions
from query.suggest.suggestion import Suggestion, Suggestions
from query.understand.chinese import has_cjk

MAX_SUGGESTIONS = 20
USUAL = 8


@dataclass(frozen=True, slots=True)
class Suggester:
    """Completes what was typed.

    First texts that begin with it, in letters, pinyin or initials. Where these are too few, its
    last word is completed and what stands before it is kept; where there are none, it is
    corrected as a search would correct it.

    Args:
        completions: What can be suggested.
        fold: Brings a text into lower case and simplified characters.
        correct: Returns the corrected wording of a text, empty where there is none.
    """

    completions: Completions
    fold: Callable[[str], str]
    correct: Callable[[str], str]

    def suggest(self, typed: str, size: int = USUAL) -> Suggestions:
        """Return at most ``size`` suggestions, best first, none twice.

        Args:
            typed: At most 200 characters after NFKC; nothing typed, nothing suggested.
            size: 1 to 20.

        Raises:
            InputError: A limit is passed; the message names it.
        """
        plain = plain_text(typed)
        require_typed(plain, size)
        folded = self.fold(plain)
        if not any(c.isalnum() for c in folded):
            return Suggestions(plain)
        found = self.completions.complete(folded, size)
        if len(found) < size:
            found += self._last_word(plain, folded, size)
        if not found and (better := self.correct(plain)):
            found = [Suggestion(better, "word", 0, "correction")]
        unique = {self.fold(s.text): s for s in reversed(found)}
        kept = [s for s in found if unique[self.fold(s.text)] is s]
        return Suggestions(plain, tuple(kept[:size]))

    def _last_word(self, plain: str, folded: str, size: int) -> list[Suggestion]:
        for at in self._cuts(folded):
            before, last = plain[:at], folded[at:]
            found = [
                replace(s, text=before + s.text, found="last word", count=s.count)
                for s in self.completions.complete(last.strip(), size)
                if s.source != "title" and s.found in ("prefix", "pinyin")
            ]
            if found:
                return found
        return []

    def _cuts(self, folded: str) -> list[int]:
        """Return where the last word may begin: behind a space, or behind known Chinese words."""
        if " " in folded:
            return [folded.rindex(" ") + 1]
        if not has_cjk(folded):
            return []
        return [n for n in range(len(folded) - 1, 1, -1) if self.completions.knows(folded[:n])]


def require_typed(plain: str, size: int) -> None:
    """Refuse what is too long, or too many suggestions.

    Raises:
        InputError: Naming the limit.
    """
    if len(plain) > MAX_TEXT:
        raise InputError(
            f"What was typed has {len(plain)} characters; {MAX_TEXT} are allowed.", "Shorten it."
        )
    if not 1 <= size <= MAX_SUGGESTIONS:
        raise InputError(
            f"size is {size}; 1 to {MAX_SUGGESTIONS} are allowed.", f"Leave it out for {USUAL}."
        )
