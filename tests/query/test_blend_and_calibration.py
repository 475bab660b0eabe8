from typing import Any

import numpy as np
import pytest
from query_shop import BLEND, CALIBRATION, DIM, WORDS, Shop

from mappings.blend import Blend
from mappings.calibration import Affine, Calibration, Raw, Saturation
from mappings.schema import Schema
from mappings.vectors import ProductVectors
from query.calibrate import DEFAULT_SCALES, estimate, estimate_lexical, pseudo_query
from query.oracle import rank, score, similarity
from query.profiles import DEFAULT


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
    assert column.declare("elasticsearch")["dims"] == DIM + 1


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
    assert float((scaled <= 1).mean()) > 0.98  # high is the 99.9th percentile


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


@pytest.mark.node
def test_bm25s_scale_is_the_median_top_score_without_the_own_product(
    client: Any, shelf: str, the_shop: Shop
) -> None:
    titles = {p.id: p.title for p in the_shop.products}
    found = estimate_lexical(client, shelf, titles, seed=1)
    assert isinstance(found, Saturation)
    assert found == estimate_lexical(client, shelf, titles, seed=1)
    assert 0.5 < found.c < 30.0
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
