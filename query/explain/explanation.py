"""Explanations: the contributions, matched words and matched picture of a hit, in sentences."""

from collections.abc import Sequence

from query.explain.wording import EN, ZH, Wording
from query.model.result import Contribution, Explanation, Hit, MatchedWord

MIN_EXPLAINED_POINTS = 0.0005
"""The least points of a boost that an explanation mentions."""


def explain(hit: Hit, rank: int, words: Sequence[MatchedWord] = ()) -> Explanation:
    """Return the explanation of a hit's rank.

    Args:
        hit: The hit with its contributions.
        rank: Its place, from 1.
        words: Which of its words matched.
    """
    matched = tuple(words)
    return Explanation(
        rank=rank,
        score=hit.score,
        parts=hit.contributions,
        picture=hit.matched_picture,
        words=matched,
        placed=hit.placed,
        zh=sentence(hit, rank, matched, ZH),
        en=sentence(hit, rank, matched, EN),
    )


def sentence(hit: Hit, rank: int, words: Sequence[MatchedWord], wording: Wording) -> str:
    """Return the sentences that explain a hit's rank.

    Args:
        hit: The hit.
        rank: Its place, from 1.
        words: Which of its words matched.
        wording: The language.
    """
    signals = [c for c in hit.contributions if not is_boost(c)]
    total = sum(c.points for c in signals if c.points > 0)
    ranked = sorted((c for c in signals if c.points > 0), key=lambda c: -c.points)
    reasons = [
        wording.reason(c.signal, c.points / total, _matched(c, words, wording)) for c in ranked
    ]
    parts = [wording.opening(rank, hit.score, reasons)]
    if hit.matched_picture and hit.matched_picture.path:
        parts.append(wording.picture(hit.matched_picture.path, hit.matched_picture.role))
    if lacking := [c.signal for c in signals if c.missing]:
        parts.append(wording.lacks(lacking))
    boosts = (c for c in hit.contributions if is_boost(c) and abs(c.points) >= MIN_EXPLAINED_POINTS)
    parts += [wording.boost(c.signal, c.points) for c in boosts]
    if hit.placed:
        parts.append(wording.placed(hit.placed))
    return wording.join(parts)


def is_boost(c: Contribution) -> bool:
    """Tell whether a contribution is a boost's and not a signal's."""
    return c.signal.startswith("boost: ")


def _matched(c: Contribution, words: Sequence[MatchedWord], wording: Wording) -> str:
    if c.signal != "lexical":
        return ""
    by_column: dict[str, list[str]] = {}
    for word in words:
        by_column.setdefault(word.column, []).append(word.word)
    return wording.words(by_column)
