"""The fusions' arithmetic, worked by hand and against plain NumPy."""

import numpy as np
import pytest

from mappings.errors import InputError
from query.fusion.combine import LegHits, by_score, fuse
from query.fusion.hybrid import as_engine
from query.model.fusions import (
    KINDS,
    Exact,
    HybridMinMax,
    MinMaxConvex,
    OverLegs,
    ReciprocalRank,
    parse_fusion,
    written,
)
from query.model.normalise import engine_min_max, min_max, reciprocal_rank

FOUR = np.array([10.0, 6.0, 4.0, 2.0])
OVER_LEGS: tuple[OverLegs, ...] = (
    ReciprocalRank(), MinMaxConvex(), HybridMinMax(),
)  # fmt: skip


def leg(name: str, weight: float, hits: dict[str, float], floor: float = 0.0) -> LegHits:
    ids, scores = by_score(list(hits), np.array(list(hits.values()), np.float64))
    engine = scores if floor == 0.0 else (1.0 + scores) / 2.0
    return LegHits(name, weight, ids, scores, engine, floor)


def test_each_normalisation_by_hand() -> None:
    assert min_max(FOUR) == pytest.approx([1, 0.5, 0.25, 0])
    assert reciprocal_rank(FOUR, 60) == pytest.approx([1 / 61, 1 / 62, 1 / 63, 1 / 64])
    assert engine_min_max(FOUR) == pytest.approx([1, 0.5, 0.25, 0.001])


def test_one_hit_and_equal_hits_count_whole_and_no_hits_count_nothing() -> None:
    for alike in (np.array([12.7]), np.array([3.0, 3.0])):
        ones = np.ones(len(alike))
        assert min_max(alike) == pytest.approx(ones)
        assert engine_min_max(alike) == pytest.approx(ones)
    for empty in (min_max, engine_min_max):
        assert len(empty(np.array([]))) == 0


def test_a_convex_fusion_by_hand() -> None:
    legs = [leg("lexical", 0.4, {"a": 8.0, "b": 2.0}), leg("text", 0.6, {"b": 0.9, "c": 0.5}, -1)]
    found = fuse(MinMaxConvex(), legs)
    assert [(f.id, f.score) for f in found] == [("b", 0.6), ("a", 0.4), ("c", 0.0)]
    ranks = {f.id: f.score for f in fuse(ReciprocalRank(rank_constant=1), legs)}
    assert ranks == pytest.approx({"a": 0.4 / 2, "b": 0.4 / 3 + 0.6 / 2, "c": 0.6 / 3})


def drawn_legs(rng: np.random.Generator) -> list[LegHits]:
    """BM25 and two cosines with random weights, each with up to 29 of the products."""
    weights = rng.dirichlet(np.ones(3))
    sizes = rng.integers(0, 30, 3)
    return [
        leg("lexical", weights[0], draw(rng, sizes[0], 0.0, 40.0)),
        leg("text", weights[1], draw(rng, sizes[1], -1.0, 1.0), -1.0),
        leg("image", weights[2], draw(rng, sizes[2], 0.7, 0.9), -1.0),
    ]


@pytest.mark.parametrize("fusion", OVER_LEGS, ids=lambda f: f.name)
def test_scores_lie_between_0_and_1_and_are_their_shares_sum(fusion: OverLegs) -> None:
    rng = np.random.default_rng(5)
    for _ in range(40):
        legs = drawn_legs(rng)
        found = fuse(fusion, legs)
        assert len({f.id for f in found}) == len(found)
        assert {f.id for f in found} == {key for part in legs for key in part.ids}
        order = [(-f.score, f.id) for f in found]
        assert order == sorted(order)
        for f in found:
            assert 0.0 <= f.score <= 1.0 + 1e-12
            assert sum(s.points for s in f.shares) == pytest.approx(f.score)
            assert all(s.points == pytest.approx(s.weight * s.value) for s in f.shares)
            for share, part in zip(f.shares, legs, strict=True):
                assert share.missing == (f.id not in part.ids)
                assert not (share.missing and share.points)


def draw(rng: np.random.Generator, count: int, low: float, high: float) -> dict[str, float]:
    return {f"p{i}": float(rng.uniform(low, high)) for i in rng.permutation(60)[:count]}


def test_the_trap_of_a_bound_that_reverses_the_order_does_not_exist_here() -> None:
    # With the engine's lower bound 5 in mode `apply`, the 4 would pass the 6.
    values = min_max(FOUR)
    assert list(values) == sorted(values, reverse=True)


def test_the_trap_of_means_that_reward_a_missing_leg_does_not_exist_here() -> None:
    # A geometric mean would give (0.6, absent) 0.600 and (0.6, 0.5) only 0.548.
    one = fuse(MinMaxConvex(), [leg("a", 0.5, {"x": 1.0, "y": 0.6, "z": 0}), leg("b", 0.5, {})])
    two = fuse(
        MinMaxConvex(),
        [leg("a", 0.5, {"x": 1.0, "y": 0.6, "z": 0}), leg("b", 0.5, {"w": 1, "y": 0.5, "v": 0})],
    )
    score = [next(f.score for f in found if f.id == "y") for found in (one, two)]
    assert score == pytest.approx([0.3, 0.55])


def test_the_engines_scores_are_used_where_they_are_its_legs_and_refused_where_not() -> None:
    legs = [leg("lexical", 0.5, {"a": 8.0, "b": 2.0, "c": 1.0}), leg("text", 0.5, {"b": 0.9}, -1)]
    fused = fuse(HybridMinMax(), legs)
    engine = {f.id: f.score + 1e-6 for f in fused}
    own = as_engine(fused, engine)
    assert own is not None
    for f in own:
        assert f.score == engine[f.id]
        assert sum(s.points for s in f.shares) == pytest.approx(f.score)
    assert as_engine(fused, engine | {"a": 0.9}) is None
    assert as_engine(fused, {"a": 1.0}) is None


@pytest.mark.parametrize("name", KINDS)
def test_a_fusion_is_read_as_it_is_written(name: str) -> None:
    fusion = parse_fusion(name)
    assert fusion.name == name
    assert parse_fusion(written(fusion)) == fusion


def test_parameters_are_read_and_checked() -> None:
    assert parse_fusion("rrf:rank_constant=20, depth=50") == ReciprocalRank(50, 20)
    assert parse_fusion("exact") == Exact()
    assert ReciprocalRank(1_000, 10_000).depth == 1_000
    for bad in (
        "best", "", "theoretical", "hybrid-l2", "hybrid-z-score", "rrf:k=3",
        "exact:depth=5", "rrf:depth=x", "rrf:depth", "rrf:depth=1,depth=2",
        "rrf:depth=0", "min-max:depth=1001", "rrf:rank_constant=10001", "rrf:rank_constant=-1",
    ):  # fmt: skip
        with pytest.raises(InputError):
            parse_fusion(bad)
    with pytest.raises(InputError, match="1 to 1000"):
        MinMaxConvex(True)
