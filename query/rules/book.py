"""The rule book: a shop's synonyms, rewrites, pins, buries, filters and boosts, as values."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Literal

from query.model.understood import AppliedRule
from query.understand.lexicon import phrase

Match = Literal["exact", "contains", "prefix"]
MATCHES: tuple[Match, ...] = ("exact", "contains", "prefix")


@dataclass(frozen=True, slots=True)
class Synonyms:
    """Words that stand for one another; with ``to``, ``words`` are also searched as those.

    Args:
        words: What a query may say.
        to: What is searched beside it; empty for every other one of ``words``.
        weight: What a match of the other word counts, in (0, 1].
    """

    words: tuple[str, ...]
    to: tuple[str, ...] = ()
    weight: float = 0.8


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done with queries of a pattern.

    Args:
        id: Its name, shown with every answer that it changed.
        queries: Patterns, of which one must match.
        match: ``exact`` query, ``contains`` the words, or ``prefix`` of the query.
        rewrite: What the query is replaced with; empty to leave it.
        pin: Ids of products that stand first, in this order.
        bury: Ids of products that stand last.
        filter: Filters that every hit satisfies, as people write them.
        boost: Filters, each with the factor that products that satisfy it gain.
    """

    id: str
    queries: tuple[str, ...]
    match: Match = "contains"
    rewrite: str = ""
    pin: tuple[str, ...] = ()
    bury: tuple[str, ...] = ()
    filter: tuple[str, ...] = ()
    boost: tuple[tuple[str, float], ...] = ()

    def matches(self, query: str) -> str:
        """Return the pattern that a query matches, empty where none does.

        Words of Latin letters match whole.

        Args:
            query: Folded by ``phrase``.
        """
        for pattern in self.queries:
            if _matches(_folded(pattern), query, self.match):
                return pattern
        return ""

    def applied(self, why: str) -> AppliedRule:
        """Return what this rule does to a query, for its answer."""
        return AppliedRule(self.id, why, self.pin, self.bury, self.boost, self.filter, self.rewrite)


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rules and synonyms of one alias.

    Args:
        version: Counts the imports; 0 for none yet.
        synonyms: Applied in order, up to the limit of wordings.
        rules: Applied in order; every rule that matches applies, the first rewrite only.
    """

    version: int = 0
    synonyms: tuple[Synonyms, ...] = ()
    rules: tuple[Rule, ...] = ()

    def matching(self, text: str) -> tuple[AppliedRule, ...]:
        """Return the rules that a plain text sets off, in the book's order."""
        if not self.rules or not text:
            return ()
        query = phrase(text)
        found = ((rule, rule.matches(query)) for rule in self.rules)
        return tuple(rule.applied(why) for rule, why in found if why)

    def others(self) -> Mapping[str, tuple[tuple[str, float], ...]]:
        """Return for each folded word what is searched beside it, each with its weight."""
        found: dict[str, list[tuple[str, float]]] = {}
        for row in self.synonyms:
            for word in row.words:
                own = [w for w in row.to or row.words if phrase(w) != phrase(word)]
                found.setdefault(phrase(word), []).extend((w, row.weight) for w in own)
        return {word: tuple(pairs) for word, pairs in found.items()}

    def to_json(self) -> dict[str, Any]:
        """Return the book as the document that ``import`` reads."""
        rules = [
            {k: (dict(v) if k == "boost" else v) for k, v in asdict(rule).items() if v}
            for rule in self.rules
        ]
        synonyms = [{k: v for k, v in asdict(row).items() if v} for row in self.synonyms]
        return {"version": self.version, "synonyms": synonyms, "rules": rules}


NO_RULES = RuleBook()
_folded = lru_cache(32_768)(phrase)


def _matches(pattern: str, query: str, match: Match) -> bool:
    if match == "exact":
        return pattern == query
    at = query.find(pattern)
    while at >= 0:
        if _whole(query, at, at + len(pattern)) and (match == "contains" or at == 0):
            return True
        at = query.find(pattern, at + 1)
    return False


def _whole(query: str, start: int, end: int) -> bool:
    """Tell whether a part of a query is no piece of a longer word of Latin letters."""
    left, right = query[start - 1 : start] + query[start], query[end - 1] + query[end : end + 1]
    return not any(len(two) == 2 and two.isascii() and two.isalnum() for two in (left, right))
