"""Evaluates several systems on a query set, and compares them in pairs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from learn.judgments import Judgments, Question, judged
from learn.measures import DEFAULT_MEASURES, aligned, measure, parse_measure
from learn.significance import Interval, Paired, interval, paired
from mappings.errors import InputError

Ask = Callable[[Question], Sequence[str]]
"""Sends one query to one system and returns product ids, the best first."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The result of an evaluation.

    Args:
        queries: Ids of the judged queries, in the set's order.
        unjudged: Ids of those left out: no product is judged to answer them.
        values: Measure to system to query to value.
        means: Measure to system to mean and interval.
        compared: Measure to system to its comparison with the first system.
    """

    queries: tuple[str, ...]
    unjudged: tuple[str, ...]
    values: Mapping[str, Mapping[str, Mapping[str, float]]]
    means: Mapping[str, Mapping[str, Interval]]
    compared: Mapping[str, Mapping[str, Paired]]

    def to_json(self) -> dict[str, Any]:
        """Return the evaluation as JSON values."""
        return {
            "queries": len(self.queries),
            "unjudged": list(self.unjudged),
            "measures": {
                name: {system: _interval(i) for system, i in systems.items()}
                for name, systems in self.means.items()
            },
            "compared": {
                name: {system: _paired(p) for system, p in systems.items()}
                for name, systems in self.compared.items()
            },
            "per_query": {n: {s: dict(v) for s, v in x.items()} for n, x in self.values.items()},
        }


def evaluate(
    systems: Mapping[str, Ask],
    questions: tuple[Question, ...],
    judgments: Judgments,
    *,
    measures: Sequence[str] = DEFAULT_MEASURES,
    seed: int = 0,
    on_progress: Callable[[int, int], None] = lambda done, of: None,
) -> Evaluation:
    """Ask every system every judged question and compare each system with the first.

    Args:
        systems: Name to how it is asked; the first one is what the others are compared with.
        questions: The query set.
        judgments: Relevant products.
        measures: Names, as ``learn.measures.measure`` takes them.
        seed: Of the bootstrap and the permutations.
        on_progress: Called with how many questions have been asked, and of how many.

    Raises:
        InputError: There is no system, a measure is not known, or no query is judged.
    """
    if not systems:
        raise InputError("There is nothing to evaluate.", "Name at least one profile.")
    for name in measures:
        parse_measure(name)
    kept, unjudged = judged(questions, judgments)
    ids = tuple(q.id for q in kept)
    wanted = {q: judgments[q] for q in ids}
    values: dict[str, dict[str, dict[str, float]]] = {name: {} for name in measures}
    done = 0
    for system, ask in systems.items():
        rankings = {}
        for question in kept:
            rankings[question.id] = ask(question)
            done += 1
            on_progress(done, len(kept) * len(systems))
        for name, found in measure(rankings, wanted, measures).items():
            values[name][system] = found
    return Evaluation(ids, unjudged, values, _means(values, ids, seed), _compare(values, ids, seed))


def _means(
    values: Mapping[str, Mapping[str, Mapping[str, float]]], ids: Sequence[str], seed: int
) -> dict[str, dict[str, Interval]]:
    return {
        name: {s: interval(aligned(v, ids), seed=seed) for s, v in systems.items()}
        for name, systems in values.items()
    }


def _compare(
    values: Mapping[str, Mapping[str, Mapping[str, float]]], ids: Sequence[str], seed: int
) -> dict[str, dict[str, Paired]]:
    found: dict[str, dict[str, Paired]] = {}
    for name, systems in values.items():
        first, *others = systems
        base = aligned(systems[first], ids)
        found[name] = {s: paired(base, aligned(systems[s], ids), seed=seed) for s in others}
    return found


def _interval(one: Interval) -> dict[str, float]:
    return {"mean": one.mean, "low": one.low, "high": one.high}


def _paired(one: Paired) -> dict[str, Any]:
    ratio = one.ratio
    finite = all(abs(v) != float("inf") for v in (ratio.mean, ratio.low, ratio.high))
    return {
        "difference": _interval(one.difference),
        "ratio": _interval(ratio) if finite else None,
        "p": one.p,
        "wins": one.wins,
        "losses": one.losses,
    }
