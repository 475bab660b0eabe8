"""The query adapter: what it adds, how far a query stays from the mean, and that it is kept."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from encoders.adapter import QueryAdapter, adapter_of, with_parts
from encoders.head import load_head, save_head
from encoders.head_aligned import AlignedHead
from encoders.protocol import Vectors, unit_rows

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
    rows, none = unit_rows(RNG.normal(size=(5, D))), np.zeros(5, dtype=np.float32)
    expected = (rows - MEAN) @ ADAPTER.matrix
    np.testing.assert_allclose(ADAPTER.part(rows, none), expected, atol=1e-5)
    assert ADAPTER.part(rows, none).dtype == np.float32
    assert not ADAPTER.part(MEAN[None], none[:1]).any()


def test_a_first_name_leads_to_where_such_products_lie_and_a_mans_the_other_way() -> None:
    rows = unit_rows(RNG.normal(size=(3, D)))
    genders = np.array([1, -1, 0], dtype=np.float32)
    direction = unit_rows(RNG.normal(size=(1, D)))[0] * np.float32(0.2)
    named = replace(ADAPTER, named=direction)
    added = named.part(rows, genders) - ADAPTER.part(rows, genders)
    lengths = np.linalg.norm(rows - MEAN, axis=1, keepdims=True)
    np.testing.assert_allclose(added, genders[:, None] * lengths * direction, atol=1e-6)
    assert named.part(rows, genders).dtype == np.float32


def test_an_adapted_query_has_unit_length_and_is_nearer_to_its_part() -> None:
    rows = unit_rows(RNG.normal(size=(5, D)))
    none = np.zeros(5, dtype=np.float32)
    asked, parts = ADAPTER.asked(rows, none), unit_rows(ADAPTER.part(rows, none))
    np.testing.assert_allclose(np.linalg.norm(asked, axis=1), 1.0, atol=1e-5)
    assert ((asked * parts).sum(axis=1) > (rows * parts).sum(axis=1)).all()


def test_nothing_added_changes_nothing() -> None:
    rows = unit_rows(RNG.normal(size=(5, D)))
    np.testing.assert_allclose(with_parts(rows, np.zeros_like(rows), MEAN), rows, atol=1e-6)
    assert ADAPTER.asked(rows[:0], np.zeros(0, dtype=np.float32)).shape == (0, D)


@pytest.mark.parametrize("named", [MEAN[:0], MEAN])
def test_a_head_keeps_its_adapter_and_its_digest_tells_it(tmp_path: Path, named: Vectors) -> None:
    plain = head()
    adapted = replace(plain, adapter=replace(ADAPTER, named=named))
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
    np.testing.assert_array_equal(found.named, named)
    assert adapter_of(load_plain(plain, tmp_path)) is None


def load_plain(plain: AlignedHead, folder: Path) -> object:
    save_head(plain, folder / "plain.safetensors")
    return load_head(folder / "plain.safetensors")


@pytest.mark.parametrize("rows", [1, 7])
def test_pictures_do_not_move(rows: int) -> None:
    plain = head()
    features = RNG.normal(size=(rows, D)).astype(np.float32)
    adapted = replace(plain, adapter=ADAPTER)
    np.testing.assert_array_equal(adapted.apply(features), plain.apply(features))
