"""Attribute values taken apart: one value is heard among a hundred, and files keep it exactly."""

from pathlib import Path

import numpy as np
import pytest

from encoders.attributes import AttributeWeights, attribute_key, attribute_vector, encode_terms
from encoders.cache import content_key
from encoders.decorrelation import Decorrelation
from encoders.protocol import unit_rows
from encoders.registry import load_text_encoder
from mappings.errors import InputError

DIM, KINDS = 48, 120


def crowded(seed: int = 0) -> np.ndarray:
    """Unit rows that crowd as e5's do: a large part in common, the rest in few directions."""
    rng = np.random.default_rng(seed)
    own = rng.normal(size=(KINDS, DIM)) * np.linspace(1.0, 0.1, DIM)
    return unit_rows(own + 12.0 * np.eye(DIM)[0])


def read_back(values: np.ndarray, weights: AttributeWeights) -> float:
    """Return how often the value asked for ranks its owners first, as a mean AUC."""
    rng = np.random.default_rng(1)
    has = np.array([rng.permutation(KINDS)[:50] for _ in range(80)])
    terms = [f"value={n}" for n in range(KINDS)]
    rows = [attribute_vector([terms[n] for n in own], values[own], weights) for own in has]
    scores = np.stack(rows) @ values.T
    aucs = []
    for kind in range(KINDS):
        owns = (has == kind).any(axis=1)
        yes, no = scores[owns, kind], scores[~owns, kind]
        aucs.append(float((yes[:, None] > no[None]).mean()))
    return float(np.mean(aucs))


def test_one_value_is_heard_among_fifty() -> None:
    values = crowded()
    plain = AttributeWeights(80, {f"value={n}": 33 for n in range(KINDS)})
    apart = plain.decorrelated(values)
    assert read_back(values, apart) > read_back(values, plain) + 0.05


def test_what_is_kept_is_what_was_fitted(tmp_path: Path) -> None:
    made = AttributeWeights(3, {"a=b": 1}).decorrelated(crowded())
    made.save(tmp_path / "attributes.json")
    again = AttributeWeights.load(tmp_path / "attributes.json")
    assert again == made
    assert again.digest == made.digest
    assert made.digest != AttributeWeights(3, {"a=b": 1}).digest
    assert made.digest != AttributeWeights(3, {"a=b": 1}).decorrelated(crowded(1)).digest
    (tmp_path / "attributes.safetensors").write_bytes(b"no tensors")
    with pytest.raises(InputError, match="Restore the space folder"):
        AttributeWeights.load(tmp_path / "attributes.json")


def test_too_few_values_are_left_as_they_are() -> None:
    rows = crowded()
    assert Decorrelation.fit(rows[:1]) is None
    assert Decorrelation.fit(np.repeat(rows[:1], 5, axis=0)) is None
    two = Decorrelation.fit(rows[:2])
    assert two is not None
    # A value met later is not much louder than those it was fitted on.
    met, later = (np.linalg.norm(two.matrix @ row) for row in (rows[0], rows[9]))
    assert later < 6 * met


def test_a_value_is_kept_apart_from_a_title_of_the_same_words() -> None:
    assert attribute_key("colour=red") != content_key("colour: red")
    encoder = load_text_encoder("hash:16")
    np.testing.assert_array_equal(
        encode_terms(encoder, ["colour=red"]), encoder.encode_query(["colour: red"])
    )
