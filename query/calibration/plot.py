"""A plot of the calibration: signals over unrelated pairs, and the scales."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mappings.calibration import Affine, Calibration, Worded
from mappings.errors import InputError
from query.calibration.bm25 import TopScores
from query.calibration.measure import UnrelatedPairs

SUFFIXES = (".png", ".svg", ".pdf")
_BINS = 80


def draw_calibration(
    measured: Mapping[str, UnrelatedPairs], tops: TopScores, calibration: Calibration, path: Path
) -> None:
    """Draw a histogram of every signal and the best scores of the pseudo-queries, and save it.

    Args:
        measured: Vector signals by name; those without pairs are left out.
        tops: BM25 of the pseudo-queries' best products.
        calibration: The scales that are drawn over them.
        path: The picture's file: PNG, SVG or PDF.

    Raises:
        InputError: The file has another ending, or cannot be written.
    """
    require_drawable(path)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    drawable = {name: m for name, m in measured.items() if len(m.above)}
    figure = Figure(figsize=(7.0, 2.1 * (len(drawable) + 1)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = np.atleast_1d(figure.subplots(len(drawable) + 1, 1))
    for axis, (name, pairs) in zip(axes, drawable.items(), strict=False):
        _histogram(axis, name, pairs, calibration)
    _words(axes[-1], tops, calibration)
    try:
        figure.savefig(path, dpi=110)
    except OSError as error:
        raise InputError(
            f"The picture {str(path)!r} cannot be written: {error.strerror}.",
            "Choose a folder that exists and may be written to.",
        ) from None


def require_drawable(path: Path) -> None:
    """Refuse a file that cannot be drawn, before anything is measured.

    Raises:
        InputError: It has another ending, or its folder does not exist.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(
            f"{str(path)!r} is no picture that can be drawn.",
            f"Choose a file that ends in {', '.join(SUFFIXES)}.",
        )
    if not path.parent.is_dir():
        raise InputError(
            f"There is no folder {str(path.parent)!r} for the picture.",
            "Choose a folder that exists.",
        )


def _histogram(axis: Any, name: str, pairs: UnrelatedPairs, calibration: Calibration) -> None:  # noqa: ANN401
    """Draw one signal: values of unrelated pairs above their query's offset."""
    scale = calibration.scales.get(name)
    axis.hist(pairs.above, bins=_BINS, color="#7d93ab")
    axis.set_yscale("log")
    axis.set_title(f"{name}: {len(pairs.above):,} unrelated pairs", fontsize=9, loc="left")
    axis.set_xlabel("similarity above the query's average product", fontsize=8)
    if isinstance(scale, Affine):
        for part, label in ((0.0, "0"), (0.5, "½"), (1.0, "1")):
            axis.axvline(part * (scale.high - scale.low), color="#b4472f", linewidth=1)
            place = (part * (scale.high - scale.low), 0.92)
            axis.text(*place, f" {label}", transform=axis.get_xaxis_transform(), fontsize=8)


def _words(axis: Any, tops: TopScores, calibration: Calibration) -> None:  # noqa: ANN401
    """Draw BM25's best scores over the number of words, and the line that counts as a half."""
    scale = calibration.scales.get("lexical")
    alone = (("letters", tops.cjk == 0, tops.latin), ("characters", tops.latin == 0, tops.cjk))
    for (label, mask, words), colour in zip(alone, ("#4a6fa5", "#8f9a3c"), strict=True):
        if not mask.any():
            continue
        axis.scatter(words[mask], tops.scores[mask], s=9, color=colour, label=f"in {label}")
        if isinstance(scale, Worded):
            over = np.arange(1, int(words[mask].max()) + 1)
            c = scale.latin if label == "letters" else scale.cjk
            axis.plot(over, c * over**scale.power, color=colour, linewidth=1)
    title = f"lexical: BM25 of the product at rank {tops.rank}; the line is ½"
    axis.set_title(title, fontsize=9, loc="left")
    axis.set_xlabel("words of the query", fontsize=8)
    if len(tops.scores):
        axis.legend(fontsize=8)
