"""Attributes and product texts: what is embedded, how it is weighed, how it is pooled."""

import math
from pathlib import Path

import numpy as np
import pytest

from encoders.attributes import (
    AttributeWeights,
    attribute_terms,
    attribute_text,
    attribute_vector,
)
from encoders.pooling import coherence, pooled
from encoders.protocol import unit_rows
from encoders.texts import product_text, shortened
from mappings.errors import InputError
from mappings.product import Product, parse_product


def product(name: str, **attributes: list[str]) -> Product:
    return parse_product({"id": name, "title": name, "attributes": attributes})


CATALOGUE = [
    product("a", colour=["red"], fit=["slim"]),
    product("b", colour=["red", "blue"]),
    product("c", colour=["red"]),
]


def test_frequencies_count_products_and_idf_is_smooth() -> None:
    weights = AttributeWeights.fit(CATALOGUE)
    assert weights.n_products == 3
    assert weights.document_frequency == {"colour=red": 3, "colour=blue": 1, "fit=slim": 1}
    assert weights.idf("colour=red") == pytest.approx(1.0)
    assert weights.idf("fit=slim") == pytest.approx(math.log(4 / 2) + 1)
    assert weights.idf("never=seen") == pytest.approx(math.log(4) + 1)


def test_a_catalogue_without_attributes_or_products_still_weighs() -> None:
    assert AttributeWeights.fit([]).idf("a=b") == 1.0


def test_weights_are_kept_and_their_digest_tells_another(tmp_path: Path) -> None:
    weights = AttributeWeights.fit(CATALOGUE)
    weights.save(tmp_path / "attributes.json")
    again = AttributeWeights.load(tmp_path / "attributes.json")
    assert again == weights
    assert again.digest == weights.digest
    assert AttributeWeights.fit(reversed(CATALOGUE)).digest == weights.digest
    assert AttributeWeights.fit(CATALOGUE[:2]).digest != weights.digest
    (tmp_path / "attributes.json").write_text("[]")
    with pytest.raises(InputError, match="Fit them again"):
        AttributeWeights.load(tmp_path / "attributes.json")


def test_terms_and_their_text_name_both_name_and_value() -> None:
    assert attribute_terms(CATALOGUE[1]) == ("colour=red", "colour=blue")
    assert attribute_text("neck_line=V=neck") == "neck line: V=neck"
    assert attribute_text("颜色=红色") == "颜色: 红色"


def test_the_vector_is_the_weighted_sum_of_unit_length() -> None:
    weights = AttributeWeights.fit(CATALOGUE)
    terms = attribute_terms(CATALOGUE[0])
    rows = np.eye(3, dtype=np.float32)[:2]
    made = attribute_vector(terms, rows, weights)
    expected = np.array([1.0, math.log(2) + 1, 0.0])
    np.testing.assert_allclose(made, expected / np.linalg.norm(expected), atol=1e-6)
    assert made.dtype == np.float32
    np.testing.assert_array_equal(rows, np.eye(3, dtype=np.float32)[:2])
    with pytest.raises(InputError, match="do not pair"):
        attribute_vector(terms, rows[:1], weights)
    with pytest.raises(InputError, match="do not pair"):
        attribute_vector((), rows[:0], weights)


def test_pooling_is_the_mean_direction() -> None:
    rows = unit_rows(np.array([[1.0, 0.0], [0.0, 1.0]]))
    np.testing.assert_allclose(pooled(rows), [math.sqrt(0.5)] * 2, atol=1e-6)
    np.testing.assert_array_equal(pooled(rows[:1]), rows[0])
    opposite = pooled(unit_rows(np.array([[1.0, 0.0], [-1.0, 0.0]])))
    assert np.linalg.norm(opposite) == pytest.approx(1.0)  # the engine refuses a zero vector
    with pytest.raises(InputError, match="pooled"):
        pooled(rows[:0])


def test_coherence_is_the_cosine() -> None:
    a, b = unit_rows(np.array([[1.0, 0.0], [1.0, 1.0]]))
    assert coherence(a, b) == pytest.approx(math.sqrt(0.5), abs=1e-6)
    assert coherence(b, b) <= 1.0
    with pytest.raises(InputError, match="no cosine"):
        coherence(a, np.zeros(3, np.float32))


def test_the_product_text_names_what_a_shopper_would() -> None:
    made = parse_product(
        {
            "id": "1",
            "title": "Red  dress",
            "brand": "Aurora",
            "categories": ["Women", "Dresses"],
            "description": "word " * 300,
        }
    )
    text = product_text(made)
    assert text.startswith("Red dress. Aurora. Dresses. word word")
    assert len(text) < 240
    assert product_text(parse_product({"id": "1", "title": "只有标题"})) == "只有标题"


def test_shortening_counts_wide_characters_twice_and_cuts_between_words() -> None:
    assert shortened("alpha beta gamma", 12) == "alpha beta"
    assert shortened("红色连衣裙", 6) == "红色连"
    assert shortened("short", 5) == "short"
    assert shortened("unbroken", 4) == "unbr"
