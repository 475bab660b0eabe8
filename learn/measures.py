"""Measures of rankings for each query, computed by ir-measures."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learn.judgments import Judgments
from mappings.errors import InputError

Rankings = Mapping[str, Sequence[str]]
"""Query id to product ids, the best first."""

DEFAULT_MEASURES = ("nDCG@10", "RR@10", "R@100")


def measure(
    rankings: Rankings, judgments: Judgments, names: Sequence[str] = DEFAULT_MEASURES
) -> dict[str, dict[str, float]]:
    """Return measure to query to value; only the order of each ranking matters.

    A judged query without a ranking, or with an empty one, counts with the measure's value of
    nothing found. Queries that are not judged are left out.

    Args:
        rankings: Of the system.
        judgments: Relevant products.
        names: As ir-measures writes them: ``nDCG@10``, ``RR@10``, ``P@5``, ``R@100``, ``AP``.
            nDCG takes the grade itself as gain (Järvelin & Kekäläinen, Cumulated gain-based
            evaluation of IR techniques, 2002); RR, P, R and AP count every grade above 0.

    Raises:
        InputError: A measure is not known, there are no judgments, or a ranking holds a product
            twice.
    """
    import ir_measures

    parsed = {name: parse_measure(name) for name in names}
    if not judgments:
        raise InputError("There are no judgments.", "Give at least one judged query.")
    _require_unique(rankings)
    qrels = [
        ir_measures.Qrel(query, product, grade)
        for query, grades in judgments.items()
        for product, grade in grades.items()
    ]
    # Scores that fall with the rank, as the library breaks ties by its own rule.
    run = [
        ir_measures.ScoredDoc(query, product, float(-place))
        for query, found in rankings.items()
        if query in judgments
        for place, product in enumerate(found)
    ]
    values: dict[str, dict[str, float]] = {name: dict.fromkeys(judgments, 0.0) for name in names}
    named = {measured: name for name, measured in parsed.items()}
    for entry in ir_measures.iter_calc(list(named), qrels, run):
        values[named[entry.measure]][entry.query_id] = float(entry.value)
    return values


def parse_measure(name: str) -> Any:  # noqa: ANN401 - ir_measures.measures.Measure
    """Return ir-measures' own value of a name.

    Raises:
        InputError: No measure is called so, or nothing installed computes it.
    """
    import ir_measures

    try:
        found = ir_measures.parse_measure(name)
    except (NameError, ValueError, SyntaxError, TypeError, AttributeError, KeyError):
        found = None
    if found is None or not any(p.supports(found) for p in _providers()):
        raise InputError(
            f"There is no measure {name!r}.",
            "Measures are written like nDCG@10, RR@10, P@5, R@100, AP, Judged@10.",
        )
    return found


def aligned(values: Mapping[str, float], queries: Sequence[str]) -> NDArray[np.float64]:
    """Return the values in the queries' order, float64 (q,)."""
    return np.array([values[query] for query in queries], dtype=np.float64)


def _providers() -> list[Any]:
    """Return what computes measures here: some providers need packages that are not installed."""
    import ir_measures

    return [p for p in ir_measures.DefaultPipeline.providers if p.is_available()]


def _require_unique(rankings: Rankings) -> None:
    for query, found in rankings.items():
        if len(set(found)) != len(found):
            raise InputError(
                f"The ranking of query {query!r} holds a product twice.",
                "Rank every product once.",
            )
