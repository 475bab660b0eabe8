"""Decodes the tagger's logits into spans."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from encoders.extract.spans import Span

OUTSIDE, BEGIN, INSIDE = 0, 1, 2
LABELS = 3
"""Labels that precede those of the attribute names."""


def decode(
    logits: NDArray[np.float32], names: Sequence[str], lean: float = 0.0
) -> tuple[Span, ...]:
    """Return the best spans: Viterbi over outside, begin and inside, then each span's name.

    Args:
        logits: float32 (n, 3 + names): outside, begin, inside, then the names.
        names: Attribute names.
        lean: Subtracted from the log-probability of outside: trades precision for recall.

    Source: Viterbi, Error bounds for convolutional codes, 1967.
    """
    if not len(logits):
        return ()
    wide = logits.astype(np.float64)
    states = wide[:, :LABELS] - np.logaddexp.reduce(wide[:, :LABELS], axis=1, keepdims=True)
    states[:, OUTSIDE] -= lean
    named = wide[:, LABELS:] - np.logaddexp.reduce(wide[:, LABELS:], axis=1, keepdims=True)
    spans: list[Span] = []
    start = -1
    for place, state in enumerate([*_viterbi(states), OUTSIDE]):
        if state != INSIDE and start >= 0:
            spans.append(Span(start, place, names[int(named[start:place].sum(axis=0).argmax())]))
            start = -1
        if state == BEGIN:
            start = place
    return tuple(spans)


def _viterbi(states: NDArray[np.float64]) -> list[int]:
    """Return the best path of 0 outside, 1 begin, 2 inside; inside never follows outside."""
    score = states[0].copy()
    score[2] = -np.inf
    came = np.zeros((len(states), 3), dtype=np.int64)
    for place in range(1, len(states)):
        free = int(score.argmax())
        within = 1 if score[1] >= score[2] else 2
        came[place] = (free, free, within)
        score = states[place] + np.array([score[free], score[free], score[within]])
    path = [int(score.argmax())]
    for place in range(len(states) - 1, 0, -1):
        path.append(int(came[place, path[-1]]))
    return path[::-1]
