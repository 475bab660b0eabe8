"""The fusions of bench/: their arithmetic by hand, and against the engine's own on a real node."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest
from fusion_reference import legs_of, reference
from fusion_shelf import Shelf
from test_fusion_parts import FOUR, drawn_legs, leg
from test_fusion_traps import REQUEST, fused, own

from bench.comparison_fusions import (
    HybridL2,
    RepairedZScore,
    TheoreticalConvex,
    engine_l2,
    engine_z_score,
    theoretical_min_max,
)
from query.fusion.combine import fuse
from query.model.filters import parse_filter
from query.model.fusions import OverLegs

COMPARED: tuple[OverLegs, ...] = (TheoreticalConvex(50), HybridL2(50), RepairedZScore(50))


@dataclass(frozen=True, slots=True)
class EngineZScore(RepairedZScore):
    """The engine's own ``z_score``, which the layer never asks for."""

    technique: ClassVar[str] = "z_score"


def test_each_normalisation_by_hand() -> None:
    assert theoretical_min_max(FOUR, 0.0) == pytest.approx([1, 0.6, 0.4, 0.2])
    assert theoretical_min_max(np.array([0.6, 0.2, -1.0]), -1.0) == pytest.approx([1, 0.75, 0])
    assert engine_l2(FOUR) == pytest.approx(FOUR / np.sqrt(156))
    # mean 5.5, sd sqrt(35 / 3): below the mean all count alike
    z = [4.5 / np.sqrt(35 / 3), 0.5 / np.sqrt(35 / 3), 0.001, 0.001]
    assert engine_z_score(FOUR) == pytest.approx(z)


def test_one_hit_and_equal_hits_count_whole_and_no_hits_count_nothing() -> None:
    for alike in (np.array([12.7]), np.array([3.0, 3.0])):
        ones = np.ones(len(alike))
        assert engine_z_score(alike) == pytest.approx(ones)
        assert theoretical_min_max(alike, 0.0) == pytest.approx(ones)
    for empty in (engine_l2, engine_z_score):
        assert len(empty(np.array([]))) == 0
    assert engine_l2(np.zeros(2)) == pytest.approx([0, 0])


def test_a_convex_fusion_by_hand() -> None:
    legs = [leg("lexical", 0.4, {"a": 8.0, "b": 2.0}), leg("text", 0.6, {"b": 0.9, "c": 0.5}, -1)]
    found = fuse(TheoreticalConvex(), legs)
    assert {f.id: f.score for f in found} == pytest.approx(
        {"a": 0.4, "b": 0.4 * 2 / 8 + 0.6, "c": 0.6 * 1.5 / 1.9}
    )


@pytest.mark.parametrize("fusion", COMPARED, ids=lambda f: f.name)
def test_scores_are_their_shares_sum_in_falling_order(fusion: OverLegs) -> None:
    rng = np.random.default_rng(5)
    for _ in range(40):
        legs = drawn_legs(rng)
        found = fuse(fusion, legs)
        assert {f.id for f in found} == {key for part in legs for key in part.ids}
        order = [(-f.score, f.id) for f in found]
        assert order == sorted(order)
        for f in found:
            assert 0.0 <= f.score <= (np.inf if isinstance(fusion, RepairedZScore) else 1.0 + 1e-12)
            assert sum(s.points for s in f.shares) == pytest.approx(f.score)


def test_the_trap_of_a_bound_that_reverses_the_order_does_not_exist_here() -> None:
    for values in (theoretical_min_max(FOUR, 0.0), theoretical_min_max(FOUR, 5.0)):
        assert list(values) == sorted(values, reverse=True)


@pytest.mark.node
@pytest.mark.parametrize("fusion", COMPARED, ids=lambda f: f.name)
def test_the_window_is_the_numpy_references(
    fusion: OverLegs, client: Any, fusion_shelf: Shelf
) -> None:
    request = replace(REQUEST, fusion=fusion)
    found = fused(client, fusion_shelf, request)
    wanted = reference(fusion, legs_of(client, fusion_shelf, request, 50))
    assert found.degraded == ()
    assert {c.id: c.score for c in found.window.candidates} == pytest.approx(wanted, abs=1e-4)


@pytest.mark.node
@pytest.mark.parametrize("fusion", [HybridL2(50), EngineZScore(50)], ids=lambda f: f.technique)
def test_the_window_is_the_engines_own_ranking(
    fusion: Any, client: Any, fusion_shelf: Shelf
) -> None:
    request = replace(REQUEST, fusion=fusion)
    rows = own(client, fusion_shelf, fusion, request)["hits"]["hits"]
    scores = {row["_id"]: row["_score"] for row in rows}
    found = fused(client, fusion_shelf, request)
    assert {c.id: c.score for c in found.window.candidates} == pytest.approx(scores, abs=1e-4)


@pytest.mark.node
def test_z_scores_let_raw_scores_through_there_and_not_here(
    client: Any, fusion_shelf: Shelf
) -> None:
    product = fusion_shelf.products["f00000"]
    assert product.price is not None
    one = parse_filter(f"price={product.price - 1}..{product.price + 1}")
    word = product.title.split()[-1]
    request = replace(REQUEST, text=word, filters=(one,), fusion=EngineZScore(50))
    leg_hits = legs_of(client, fusion_shelf, request, 50)
    assert len(leg_hits["lexical"][1]) == 1
    weight, hits = leg_hits["lexical"]
    raw = own(client, fusion_shelf, request.fusion, request)["hits"]["hits"]
    leaked = {row["_id"]: row["_score"] for row in raw}
    (key,) = hits
    assert leaked[key] > weight * hits[key] * 0.99 > 1.0
    found = fused(client, fusion_shelf, request)
    assert {c.id: c.score for c in found.window.candidates} == pytest.approx(
        reference(RepairedZScore(50), leg_hits), abs=1e-4
    )
