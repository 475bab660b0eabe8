"""Measures against their definitions, intervals and tests against what they promise."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learn.evaluate import evaluate
from learn.judgments import Question
from learn.measures import aligned, measure, parse_measure
from learn.significance import interval, paired
from mappings.errors import InputError

PRODUCTS = [f"p{n}" for n in range(15)]
rankings = st.lists(st.sampled_from(PRODUCTS), unique=True, max_size=15)
grades = st.dictionaries(st.sampled_from(PRODUCTS), st.integers(0, 3), min_size=1)


def ndcg(found: Sequence[str], wanted: dict[str, int], k: int) -> float:
    gains = [max(0, wanted.get(p, 0)) for p in found[:k]]
    best = sorted((g for g in wanted.values() if g > 0), reverse=True)[:k]
    ideal = sum(g / math.log2(n + 2) for n, g in enumerate(best))
    return sum(g / math.log2(n + 2) for n, g in enumerate(gains)) / ideal if ideal else 0.0


def reciprocal(found: Sequence[str], wanted: dict[str, int], k: int) -> float:
    hits = [n for n, p in enumerate(found[:k]) if wanted.get(p, 0) > 0]
    return 1.0 / (hits[0] + 1) if hits else 0.0


def precision(found: Sequence[str], wanted: dict[str, int], k: int) -> float:
    return sum(wanted.get(p, 0) > 0 for p in found[:k]) / k


def recall(found: Sequence[str], wanted: dict[str, int], k: int) -> float:
    right = {p for p, g in wanted.items() if g > 0}
    return len(right & set(found[:k])) / len(right) if right else 0.0


@given(found=rankings, wanted=grades)
def test_measures_are_what_their_definitions_say(found: list[str], wanted: dict[str, int]) -> None:
    names = ("nDCG@10", "RR@10", "P@5", "R@10")
    got = measure({"q": found}, {"q": wanted}, names)
    assert got["nDCG@10"]["q"] == pytest.approx(ndcg(found, wanted, 10), abs=1e-6)
    assert got["RR@10"]["q"] == pytest.approx(reciprocal(found, wanted, 10), abs=1e-6)
    assert got["P@5"]["q"] == pytest.approx(precision(found, wanted, 5), abs=1e-6)
    assert got["R@10"]["q"] == pytest.approx(recall(found, wanted, 10), abs=1e-6)


def test_a_judged_query_that_found_nothing_counts_0_and_an_unjudged_one_not_at_all() -> None:
    got = measure({"a": ["x"], "c": ["x"]}, {"a": {"x": 1}, "b": {"x": 1}}, ["nDCG@10"])
    assert got == {"nDCG@10": {"a": 1.0, "b": 0.0}}
    assert aligned(got["nDCG@10"], ["b", "a"]).tolist() == [0.0, 1.0]


def test_the_order_counts_where_ids_would_break_ties_otherwise() -> None:
    judged = {"q": {"z": 1}}
    assert measure({"q": ["z", "a"]}, judged, ["RR@10"])["RR@10"]["q"] == 1.0
    assert measure({"q": ["a", "z"]}, judged, ["RR@10"])["RR@10"]["q"] == 0.5


@pytest.mark.parametrize("name", ["foo@3", "nDCG@", "", "__import__('os')", "ERR_IA(x)@3"])
def test_an_unknown_measure_is_named(name: str) -> None:
    with pytest.raises(InputError, match="There is no measure") as refusal:
        parse_measure(name)
    assert "nDCG@10" in refusal.value.cure


def test_wrong_input_is_refused() -> None:
    with pytest.raises(InputError, match="no judgments"):
        measure({"q": ["a"]}, {})
    with pytest.raises(InputError, match="'q' holds a product twice"):
        measure({"q": ["a", "a"]}, {"q": {"a": 1}})


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_an_interval_holds_its_mean_and_is_repeatable(values: list[float]) -> None:
    found = interval(np.array(values), draws=400, seed=3)
    assert found.low - 1e-9 <= found.mean <= found.high + 1e-9 or len(values) < 8
    assert found == interval(np.array(values), draws=400, seed=3)
    assert min(values) - 1e-9 <= found.low <= found.high <= max(values) + 1e-9


def test_an_interval_covers_the_truth_about_19_times_in_20() -> None:
    rng = np.random.default_rng(1)
    covered = [
        (i := interval(rng.normal(0.4, 0.2, 60), draws=500, seed=n)).low <= 0.4 <= i.high
        for n in range(300)
    ]
    assert 0.89 < np.mean(covered) < 0.985


def test_systems_that_are_alike_differ_by_chance_and_a_better_one_does_not() -> None:
    rng = np.random.default_rng(2)
    base = rng.random(80)
    small = [paired(base, base + rng.normal(0, 0.1, 80), draws=400, seed=n).p for n in range(200)]
    assert 0.01 < np.mean(np.array(small) < 0.05) < 0.11
    better = paired(base, base + 0.1 + rng.normal(0, 0.1, 80), draws=2_000)
    assert better.p < 0.01
    assert better.difference.low > 0.05
    assert better.ratio.low > 1.0
    assert better.wins + better.losses == 80
    same = paired(base, base, draws=200)
    assert (same.p, same.wins, same.losses, same.difference.mean) == (1.0, 0, 0, 0.0)
    assert paired(np.zeros(3), np.zeros(3), draws=50).ratio.mean == 1.0
    assert paired(np.zeros(3), np.ones(3), draws=50).ratio.mean == math.inf


def test_few_queries_give_the_exact_sign_flip_chances() -> None:
    found = paired(np.zeros(3), np.array([0.2, 0.3, 0.4]), draws=20_000, seed=5)
    assert found.p == pytest.approx(2 / 8, abs=0.02)  # all plus or all minus, of 8 ways


def test_an_evaluation_compares_every_system_with_the_first() -> None:
    asked = tuple(Question(f"q{n}", f"word {n}") for n in range(12))
    judgments = {q.id: {"right": 1} for q in asked[:10]}
    seen: list[tuple[int, int]] = []
    found = evaluate(
        {"bad": lambda q: ["a", "b", "right"], "good": lambda q: ["right", "a"]},
        asked, judgments, measures=("RR@10",), on_progress=lambda done, of: seen.append((done, of)),
    )  # fmt: skip
    assert found.unjudged == ("q10", "q11")
    assert len(found.queries) == 10
    assert seen[-1] == (20, 20)
    assert found.means["RR@10"]["bad"].mean == pytest.approx(1 / 3)
    test = found.compared["RR@10"]["good"]
    assert test.difference.mean == pytest.approx(2 / 3)
    assert (test.wins, test.losses) == (10, 0)
    assert test.p < 0.01
    plain = found.to_json()
    assert plain["measures"]["RR@10"]["good"]["mean"] == 1.0
    assert plain["compared"]["RR@10"]["good"]["ratio"]["mean"] == pytest.approx(3.0)
    with pytest.raises(InputError, match="None of the 12 queries"):
        evaluate({"x": lambda q: []}, asked, {"other": {"right": 1}})
    with pytest.raises(InputError, match="nothing to evaluate"):
        evaluate({}, asked, judgments)
