"""Pseudo-queries: short runs of words cut from titles, which stand in for real queries."""

import re

import numpy as np

from query.model.input_limits import MAX_TEXT, plain_text
from query.plan.scales import CJK, WORD

_CJK_RUN = re.compile(f"[{CJK}]{{2,}}")


def pseudo_query(title: str, rng: np.random.Generator) -> str:
    """Return 2-6 neighbouring terms of a title: words, or as many pairs of Chinese characters.

    Empty when the title has fewer than two terms.
    """
    plain = plain_text(title)[:MAX_TEXT]
    choices: list[str] = []
    wanted = int(rng.integers(2, 7))
    words = WORD.findall(plain)
    if len(words) >= 2:
        start = int(rng.integers(0, max(1, len(words) - wanted + 1)))
        choices.append(" ".join(words[start : start + wanted]))
    if runs := [r for r in _CJK_RUN.findall(plain) if len(r) >= 4]:
        run = runs[int(rng.integers(len(runs)))]
        start = int(rng.integers(0, max(1, len(run) - 2 * wanted + 1)))
        choices.append(run[start : start + 2 * wanted])
    return choices[int(rng.integers(len(choices)))] if choices else ""
