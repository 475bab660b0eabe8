"""From a probability for every label of every letter to spans."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from encoders.extract.spans import Span


def label_names(names: Sequence[str]) -> list[str]:
    """Return the BIO labels of attribute names: O, then B-name and I-name of each."""
    return ["O", *(f"{part}-{name}" for name in names for part in ("B", "I"))]


def decode(
    logits: NDArray[np.float32], names: Sequence[str], lean: float = 0.0
) -> tuple[Span, ...]:
    """Return the best spans: Viterbi over begin, inside and outside, then each span's name.

    Args:
        logits: float32 (n, 1 + 2 x names), in the order of ``label_names``.
        names: Attribute names.
        lean: Taken from outside's log-probability: more finds more, and more that is wrong.

    Source: Viterbi, Error bounds for convolutional codes, 1967.
    """
    if not len(logits):
        return ()
    logs = logits - np.logaddexp.reduce(logits.astype(np.float64), axis=1, keepdims=True)
    begin, inside = logs[:, 1::2], logs[:, 2::2]
    states = np.stack(
        [
            logs[:, 0] - lean,
            np.logaddexp.reduce(begin, axis=1),
            np.logaddexp.reduce(inside, axis=1),
        ],
        axis=1,
    )
    path = _viterbi(states)
    spans: list[Span] = []
    start = -1
    for place, state in enumerate([*path, 0]):
        if state != 2 and start >= 0:
            score = begin[start] + inside[start + 1 : place].sum(axis=0)
            spans.append(Span(start, place, names[int(score.argmax())]))
            start = -1
        if state == 1:
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
