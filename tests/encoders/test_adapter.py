"""The query adapter: what it adds, how far a query stays from the mean, and that it is kept."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from encoders.adapter import QueryAdapter, adapter_of, with_parts
from encoders.head import Tensors, load_head, save_head
from encoders.head_aligned import AlignedHead
from encoders.protocol import unit_rows
from mappings.errors import InputError

D = 12
RNG = np.random.default_rng(0)
MEAN = unit_rows(RNG.normal(size=(1, D)))[0] * np.float32(0.6)
ADAPTER = QueryAdapter(RNG.normal(size=(D, D)).astype(np.float32) / 4, MEAN)


def head() -> AlignedHead:
    square = RNG.normal(size=(D, D)).astype(np.float32)
    none = np.zeros((D, 0), dtype=np.float32)
    flat = np.zeros(D, dtype=np.float32)
    return AlignedHead(
        flat, flat + 1, square, none, flat[:0], none.T, MEAN / np.linalg.norm(MEAN),
        np.eye(D, dtype=np.float32), square,
    )  # fmt: skip


def test_a_query_gets_the_part_of_what_sets_it_apart() -> None:
    rows = unit_rows(RNG.normal(size=(5, D)))
    expected = (rows - MEAN) @ ADAPTER.matrix
    np.testing.assert_allclose(ADAPTER.part(rows), expected, atol=1e-5)
    assert ADAPTER.part(rows).dtype == np.float32
    assert not ADAPTER.part(MEAN[None]).any()


def test_an_adapted_query_has_unit_length_and_is_nearer_to_its_part() -> None:
    rows = unit_rows(RNG.normal(size=(5, D)))
    asked, parts = ADAPTER.adapt(rows), unit_rows(ADAPTER.part(rows))
    np.testing.assert_allclose(np.linalg.norm(asked, axis=1), 1.0, atol=1e-5)
    assert ((asked * parts).sum(axis=1) > (rows * parts).sum(axis=1)).all()


def test_nothing_added_changes_nothing() -> None:
    rows = unit_rows(RNG.normal(size=(5, D)))
    np.testing.assert_allclose(with_parts(rows, np.zeros_like(rows), MEAN), rows, atol=1e-6)
    assert ADAPTER.adapt(rows[:0]).shape == (0, D)


def test_a_head_keeps_its_adapter_and_its_digest_tells_it(tmp_path: Path) -> None:
    plain = head()
    adapted = replace(plain, adapter=ADAPTER)
    assert adapter_of(plain) is None
    assert adapter_of(None) is None
    assert adapted.digest != plain.digest
    save_head(adapted, tmp_path / "head.safetensors")
    again = load_head(tmp_path / "head.safetensors")
    assert again.digest == adapted.digest
    found = adapter_of(again)
    assert found is not None
    np.testing.assert_array_equal(found.matrix, ADAPTER.matrix)
    np.testing.assert_array_equal(found.mean, ADAPTER.mean)
    assert adapter_of(load_plain(plain, tmp_path)) is None


def test_a_head_that_was_fitted_with_first_names_is_to_be_fitted_again(tmp_path: Path) -> None:
    class Older(AlignedHead):
        def tensors(self) -> Tensors:
            return {**super().tensors(), "adapter.named": MEAN}

    plain = head()
    known = {field.name: getattr(plain, field.name) for field in fields(plain)}
    save_head(Older(**known | {"adapter": ADAPTER}), tmp_path / "head.safetensors")
    with pytest.raises(InputError, match="first names") as caught:
        load_head(tmp_path / "head.safetensors")
    assert "Fit it again" in caught.value.cure


def load_plain(plain: AlignedHead, folder: Path) -> object:
    save_head(plain, folder / "plain.safetensors")
    return load_head(folder / "plain.safetensors")


@pytest.mark.parametrize("rows", [1, 7])
def test_pictures_do_not_move(rows: int) -> None:
    plain = head()
    features = RNG.normal(size=(rows, D)).astype(np.float32)
    adapted = replace(plain, adapter=ADAPTER)
    np.testing.assert_array_equal(adapted.apply(features), plain.apply(features))
