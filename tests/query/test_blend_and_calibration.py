from typing import Any

import numpy as np
import pytest
from query_shop import BLEND, CALIBRATION, DIM, WORDS, Shop

from encoders.adapter import QueryAdapter
from mappings.blend import Blend
from mappings.calibration import Affine, Calibration, Centred, Raw, Saturation, Worded
from mappings.errors import InputError
from mappings.schema import Schema
from mappings.vectors import ProductVectors
from query.calibration.bm25 import TopScores, estimate_lexical, scale_of_top_scores
from query.calibration.measure import estimate
from query.calibration.pseudo_queries import pseudo_query
from query.model.profiles import DEFAULT
from query.plan.reference import rank, score, similarity
from query.plan.scales import DEFAULT_SCALES, count_words, for_query


def test_the_blends_dot_product_is_the_formulas_vector_part(the_shop: Shop) -> None:
    assert BLEND is not None
    query = WORDS.encode_query(["red dress"])[0]
    open_scales = {n: Affine(-2.0, s.high) for n, s in BLEND.scales.items()}  # nothing cut at 0
    blend = Blend(BLEND.weights, open_scales)
    for vectors in the_shop.vectors[:60]:
        made = blend.vector(vectors)
        raw = {
            n: np.array([np.nan if (v := getattr(vectors, n)) is None else float(v @ query)])
            for n in ("text", "image", "attribute")
        } | {"coherence": np.array([np.nan if vectors.coherence is None else vectors.coherence])}
        if made is None:
            assert all(np.isnan(raw[n]) for n in ("text", "image", "attribute"))
            continue
        wanted = score(raw, blend.weights, open_scales)[0]
        assert float(made @ blend.query(query)) == pytest.approx(wanted, abs=1e-5)
        feet = {n: 0.1 * k for k, n in enumerate(("text", "image", "attribute"))}
        moved = {
            n: Affine(f - 2.0, f - 2.0 + s.high + 2.0)
            for (n, f), s in zip(feet.items(), (open_scales[n] for n in feet), strict=True)
        }
        moved["coherence"] = open_scales["coherence"]
        wanted = score(raw, blend.weights, moved)[0]
        lows = {n: s.low for n, s in moved.items()}
        assert float(made @ blend.query(query, lows)) == pytest.approx(wanted, abs=1e-5)


def test_a_product_without_vectors_has_no_blend_and_meta_keeps_it_whole() -> None:
    assert BLEND is not None
    assert BLEND.vector(ProductVectors()) is None
    assert Blend.from_meta(BLEND.to_meta()) == BLEND
    assert Blend.from_meta({}) is None
    assert Blend.of({"text": 1.0}, Calibration({"text": Raw()})) is None
    assert Schema(DIM).blend_vector is None
    column = Schema(DIM, BLEND).blend_vector
    assert column is not None
    assert column.declare("opensearch")["method"]["space_type"] == "innerproduct"
    assert column.declare("elasticsearch")["similarity"] == "max_inner_product"
    assert column.declare("elasticsearch")["dims"] == DIM + 4


@pytest.mark.parametrize(
    ("weights", "near"),
    [
        ({"text": 0.30, "image": 0.20, "attribute": 0.15, "coherence": 0.05}, True),
        ({"text": 3.0, "image": 2.0, "attribute": 1.5, "coherence": 0.5}, True),
        ({"text": 0.36, "image": 0.18, "attribute": 0.15, "coherence": 0.05}, True),
        ({"text": 0.30, "image": 0.20, "attribute": 0.15}, True),
        ({"text": 0.10, "image": 0.40, "attribute": 0.15, "coherence": 0.05}, False),
        ({"image": 0.5, "coherence": 0.5}, False),
        ({}, False),
    ],
)
def test_a_blend_is_near_weights_like_its_own(weights: dict[str, float], near: bool) -> None:
    assert BLEND is not None
    assert BLEND.near(weights) == near


def test_the_calibration_puts_unrelated_pairs_between_0_and_1(the_shop: Shop) -> None:
    titles = [p.title for p in the_shop.products]
    found = estimate(WORDS, titles, the_shop.vectors, seed=3)
    assert set(found.scales) == set(DEFAULT_SCALES)
    assert found["lexical"] == DEFAULT_SCALES["lexical"]
    assert found == estimate(WORDS, titles, the_shop.vectors, seed=3)
    assert found != estimate(WORDS, titles, the_shop.vectors, seed=4)
    vectors = np.stack([v.image for v in the_shop.vectors if v.image is not None])
    unrelated = np.concatenate([v @ np.delete(vectors, n, 0).T for n, v in enumerate(vectors)])
    scaled = found["picture_image"](unrelated)
    assert 0.35 < float((scaled == 0).mean()) < 0.65  # low is the median
    assert float((scaled < 0.5).mean()) > 0.98  # a half is what chance hardly ever reaches
    assert scaled.max() <= 1.0


def test_pictures_are_measured_with_what_the_adapter_adds(the_shop: Shop) -> None:
    dim = len(WORDS.encode_query(["x"])[0])
    mean = np.zeros(dim, dtype="f4")
    titles = [p.title for p in the_shop.products]

    def measured(matrix: np.ndarray) -> Calibration:
        adapter = QueryAdapter(matrix.astype("f4"), mean)
        return estimate(WORDS, titles, the_shop.vectors, seed=3, adapter=adapter)

    plain = estimate(WORDS, titles, the_shop.vectors, seed=3)
    moved = measured(np.full((dim, dim), 0.2))
    assert moved["text"] == plain["text"]  # only pictures are asked so
    assert moved["image"] != plain["image"]
    unmoved, before = measured(np.zeros((dim, dim)))["image"], plain["image"]
    assert isinstance(unmoved, Centred)
    assert isinstance(before, Centred)
    assert (unmoved.low, unmoved.high) == pytest.approx((before.low, before.high), abs=1e-6)


def test_each_querys_own_foot_is_the_average_product(the_shop: Shop) -> None:
    titles = [p.title for p in the_shop.products]
    scale = estimate(WORDS, titles, the_shop.vectors, seed=3)["text"]
    assert isinstance(scale, Centred)
    held = np.stack([v.text for v in the_shop.vectors if v.text is not None])
    for query in WORDS.encode_query(["red dress", "蓝色 手提包", "something else altogether"]):
        own = scale.at(query)
        assert own.low == pytest.approx(float((held @ query).mean()), abs=1e-3)
        assert own.high - own.low == pytest.approx(scale.high - scale.low)
        assert for_query(scale, query, "red dress") == own
    assert for_query(scale, None, "red dress") == scale
    with pytest.raises(InputError, match="3 dimensions, the scale's centre 32"):
        scale.at(query[:3])


def test_a_sample_without_pictures_keeps_the_defaults() -> None:
    plain = [ProductVectors(text=WORDS.encode_products([str(n)])[0]) for n in range(40)]
    found = estimate(WORDS, [f"red dress {n}" for n in range(40)], plain, seed=1)
    assert found["text"] != DEFAULT_SCALES["text"]
    assert found["image"] == DEFAULT_SCALES["image"]


@pytest.mark.parametrize(
    "title", ["红色连衣裙女士夏季新款", "red cotton dress for women in summer"]
)
def test_pseudo_queries_are_two_to_six_terms_of_the_title(title: str) -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        query = pseudo_query(title, rng)
        assert query in title
        terms = len(query.split()) if " " in title else len(query) / 2
        assert 2 <= terms <= 6


def test_a_title_of_one_word_makes_no_pseudo_query() -> None:
    assert pseudo_query("dress", np.random.default_rng(0)) == ""


def test_bm25s_scale_follows_the_words_of_each_script() -> None:
    words = np.tile(np.arange(1, 7), 20)
    none = np.zeros_like(words)
    scores = np.asarray(words**0.7, np.float64)
    latin = TopScores(words, none, 3.0 * scores)
    both = TopScores(
        np.concatenate([words, none]),
        np.concatenate([none, words]),
        np.concatenate([3.0 * scores, 2.0 * scores]),
    )
    found = scale_of_top_scores(both)
    assert found.latin == pytest.approx(3.0)
    assert found.cjk == pytest.approx(2.0)
    assert found.power == pytest.approx(0.7)
    assert float(found.at(4, 0)(np.array(3.0 * 4**0.7))) == pytest.approx(0.5)
    assert float(found.at(4, 0)(np.array(1e6))) == 1.0
    alone = scale_of_top_scores(latin)
    assert alone.cjk == alone.latin
    nothing = TopScores(words, none, np.zeros(len(words)))
    assert scale_of_top_scores(nothing) == DEFAULT_SCALES["lexical"]


def test_a_querys_words_are_counted_by_script() -> None:
    assert count_words("red 连衣裙 for women's 2-piece") == (5, 3)
    assert count_words("红色") == (0, 2)
    assert count_words("?!") == (0, 0)
    scale = Worded(0.0, 9.0, True, 4.0, 2.0, 0.5)
    assert scale.at(0, 0).high == 9.0
    assert for_query(scale, None, "red 连衣裙裙").high == pytest.approx(2 * (4 + 2 * 2))  # type: ignore[union-attr]


@pytest.mark.node
def test_bm25s_scale_is_measured_without_the_own_product(
    client: Any, shelf: str, the_shop: Shop
) -> None:
    titles = {p.id: p.title for p in the_shop.products}
    found = estimate_lexical(client, shelf, titles, seed=1)
    assert found == estimate_lexical(client, shelf, titles, seed=1)
    assert 0.5 < found.at(1, 0).high < found.at(3, 0).high < found.at(3, 2).high < 90.0
    assert estimate_lexical(client, shelf, {}, seed=1) == DEFAULT_SCALES["lexical"]


def test_the_oracle_breaks_ties_by_id_and_counts_gaps_as_0() -> None:
    found = rank(["c", "a", "b", "d"], np.array([1.0, 1.0, 2.0, 0.0]), 3)
    assert found.ids == ("b", "a", "c")
    raw = {"text": np.array([1.0, np.nan]), "lexical": np.array([6.0, 6.0])}
    scores = score(raw, {"text": 0.5, "lexical": 0.5}, {"text": Raw(), "lexical": Saturation(6.0)})
    assert scores == pytest.approx([0.75, 0.25])


def test_the_three_similarities_of_unit_vectors_agree() -> None:
    q, v = WORDS.encode_query(["red dress"])[0], WORDS.encode_products(["red", "blue", "dress"])
    cosine = similarity(q, v, "cosine")
    assert similarity(q, v, "dot") == pytest.approx(cosine, abs=1e-6)
    assert similarity(q, v, "euclidean") == pytest.approx(-np.sqrt(2 - 2 * cosine), abs=1e-5)


def test_the_default_profile_weighs_signals_that_the_calibration_knows() -> None:
    assert set(DEFAULT.weights) == set(CALIBRATION.scales)
