import numpy as np
import pytest

from learn.modality import attended, learn_weights, margins, standardised
from mappings.errors import InputError


def shop(seed: int = 0, products: int = 60, asked: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Similarities (q, p, 2): of even products modality 0 tells, of odd ones modality 1."""
    draw = np.random.default_rng(seed)
    own = np.repeat(np.arange(products), asked)
    table = draw.normal(size=(len(own), products, 2))
    table[np.arange(len(own)), own, own % 2] += 2.5
    return table, own


def found(scores: np.ndarray, own: np.ndarray) -> float:
    return float((scores.argmax(axis=1) == own).mean())


def test_a_product_leans_on_the_modality_that_tells_it_apart() -> None:
    table, own = shop()
    weights = learn_weights(table, own, ["any"] * 60, prior=1.0)
    assert (weights.products[::2, 0] > 0.7).all()
    assert (weights.products[1::2, 1] > 0.7).all()
    np.testing.assert_allclose(weights.products.sum(axis=1), 1.0)
    np.testing.assert_allclose(weights.everywhere, 0.5, atol=0.1)
    fresh, asked = shop(seed=1)
    assert found(weights.fuse(fresh), asked) > found(fresh.mean(axis=-1), asked) + 0.1


def test_a_product_without_queries_has_its_categorys_weights() -> None:
    table, own = shop()
    categories = ["even" if p % 2 == 0 else "odd" for p in range(60)]
    some = own < 40
    weights = learn_weights(table[some], own[some], categories)
    np.testing.assert_allclose(weights.products[40], weights.products[58])
    assert weights.products[40, 0] > 0.7
    assert weights.products[41, 1] > 0.7
    alike = learn_weights(table, own, categories, by_product=False)
    assert len(np.unique(alike.products.round(9), axis=0)) == 2


def test_a_category_without_queries_has_the_weights_of_all() -> None:
    table, own = shop()
    categories = ["known"] * 50 + ["new"] * 10
    some = own < 50
    weights = learn_weights(table[some], own[some], categories)
    np.testing.assert_allclose(weights.products[55], weights.everywhere)


def test_heat_makes_weights_alike_and_few_queries_lean_on_the_wider_level() -> None:
    table, own = shop()
    hot = learn_weights(table, own, ["any"] * 60, temperature=1_000.0)
    np.testing.assert_allclose(hot.products, 0.5, atol=0.01)
    few = learn_weights(table[::12], own[::12], ["any"] * 60, prior=1e6)
    np.testing.assert_allclose(few.products, np.broadcast_to(few.everywhere, (60, 2)), atol=1e-3)


def test_attention_gives_most_to_what_answers_best() -> None:
    rows = np.array([[[3.0, -1.0], [1.0, 1.0]]])
    cold = attended(rows, 0.01)
    np.testing.assert_allclose(cold, [[3.0, 1.0]], atol=1e-6)
    np.testing.assert_allclose(attended(rows, 1e9), rows.mean(axis=-1), atol=1e-6)


def test_margins_are_deviations_of_the_others() -> None:
    table = np.array([[[5.0], [1.0], [3.0]]])
    np.testing.assert_allclose(margins(table, np.array([0])), [[(5 - 2) / 1]], atol=1e-9)
    assert table[0, 0, 0] == 5.0  # the input is left alone


def test_a_modality_that_a_product_lacks_is_the_mean() -> None:
    table = np.array([[[1.0, np.nan], [3.0, 4.0], [5.0, 6.0]]])
    found = standardised(table)
    assert found[0, 0, 1] == 0.0
    np.testing.assert_allclose(found[0, :, 0].mean(), 0.0, atol=1e-12)
    np.testing.assert_allclose(np.std(found[0, :, 0]), 1.0)


def test_without_queries_nothing_is_learned() -> None:
    with pytest.raises(InputError, match="without a query"):
        learn_weights(np.zeros((0, 3, 2)), np.zeros(0, dtype=np.int64), ["a"] * 3)
