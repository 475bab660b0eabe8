"""Heads of every kind: applied, saved with card and hash, refused when changed or misfit."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from encoders.attributes import AttributeWeights
from encoders.head import Head, load_head, save_head
from encoders.head_aligned import AlignedHead
from encoders.head_blend import BlendedHead
from encoders.head_generic import GenericHead
from encoders.projection import ProjectedImageEncoder, fit_ridge
from encoders.protocol import unit_rows
from encoders.registry import load_image_encoder, load_text_encoder
from encoders.space import Space, load_space
from mappings.errors import InputError


def numbers(*shape: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def aligned(hidden: int = 5) -> AlignedHead:
    spaces = spaces_of()
    return AlignedHead(
        middle=numbers(64, seed=1),
        scale=np.abs(numbers(64, seed=2)) + np.float32(0.5),
        linear=numbers(64, 32, seed=3),
        hidden=numbers(64, hidden, seed=4),
        hidden_bias=numbers(hidden, seed=5),
        out=numbers(hidden, 32, seed=6),
        text_mean=unit_rows(numbers(1, 32, seed=7))[0],
        metric=np.diag(np.linspace(0.2, 1, 32, dtype=np.float32)),
        visual=numbers(64, 32, seed=8),
        gain=0.9,
        fitted_on=9,
        seed=3,
        **spaces,
    )


def drawn(head: AlignedHead) -> AlignedHead:
    return replace(
        head, text_centres=unit_rows(numbers(4, 32, seed=9)),
        visual_centres=unit_rows(numbers(4, 32, seed=10)), centre_weight=0.5,
    )  # fmt: skip


def generic(views: int = 1, width: int = 0) -> GenericHead:
    d = 64 // views
    return GenericHead(
        numbers(d, 10), numbers(10), unit_rows(numbers(10, 32, seed=2)),
        unit_rows(numbers(1, 32, seed=7))[0], 12.0, views, width, **spaces_of(),
    )  # fmt: skip


def spaces_of() -> dict[str, str]:
    image, text = load_image_encoder("hash:64"), load_text_encoder("hash:32")
    return {"source_space": image.card.space, "target_space": text.card.space}


def heads() -> dict[str, Head]:
    ridge = fit_ridge(
        numbers(30, 64), numbers(30, 32, seed=1),
        source_space=spaces_of()["source_space"], target_space=spaces_of()["target_space"],
    )  # fmt: skip
    return {
        "ridge": ridge,
        "aligned": aligned(),
        "aligned, linear": aligned(0),
        "generic": generic(),
        "drawn to kinds": drawn(aligned()),
        "blend": BlendedHead(aligned(), generic(), 0.5),
        "blend drawn to kinds": BlendedHead(drawn(aligned(0)), generic(), 0.5),
        "blend of views": BlendedHead(aligned(0), generic(2), 1.0),
    }


@pytest.mark.parametrize("name", list(heads()))
def test_a_head_of_any_kind_is_the_same_after_saving(name: str, tmp_path: Path) -> None:
    head, rows = heads()[name], unit_rows(numbers(7, 64, seed=11))
    path = tmp_path / "head.safetensors"
    save_head(head, path)
    again = load_head(path)
    assert (again.kind, again.digest, again.words()) == (head.kind, head.digest, head.words())
    np.testing.assert_array_equal(again.apply(rows), head.apply(rows))
    found = head.apply(rows)
    assert found.shape == (7, 32)
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert head.apply(np.empty((0, 64), np.float32)).shape == (0, 32)
    with pytest.raises(InputError, match="rows of 64 numbers"):
        head.apply(np.zeros((2, 7), dtype=np.float32))


@pytest.mark.parametrize("name", list(heads()))
def test_a_changed_head_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "head.safetensors"
    save_head(heads()[name], path)
    content = bytearray(path.read_bytes())
    content[-3] ^= 0x01
    path.write_bytes(content)
    with pytest.raises(InputError, match="was changed"):
        load_head(path)


@pytest.mark.parametrize("name", list(heads()))
def test_a_space_keeps_a_head_of_any_kind_and_its_identity_tells_another(
    name: str, tmp_path: Path
) -> None:
    head = heads()[name]
    text, image = load_text_encoder("hash:32"), load_image_encoder("hash:64")
    space = Space(text, ProjectedImageEncoder(image, head), AttributeWeights(1, {}))
    space.save(tmp_path)
    again = load_space(tmp_path)
    assert again.identity == space.identity
    assert again.identity.projection == head.digest
    assert again.image is not None
    pixels = [np.full((32, 32, 3), 90, np.uint8)]
    np.testing.assert_array_equal(
        again.image.encode_query(pixels), head.apply(image.encode_query(pixels))
    )


def test_texts_find_pictures_in_the_same_order_whatever_the_visual_part() -> None:
    text, look = np.eye(8, 5), np.eye(8)[:, 6:]  # texts lie in five directions, looks in two others
    none = np.zeros((6, 0), np.float32)
    head = AlignedHead(
        middle=np.zeros(6, np.float32), scale=np.ones(6, np.float32),
        linear=numbers(6, 5) @ text.T.astype(np.float32), hidden=none, hidden_bias=none[0],
        out=np.zeros((0, 8), np.float32), text_mean=np.eye(8, dtype=np.float32)[5],
        metric=np.eye(8, dtype=np.float32),
        visual=numbers(6, 2, seed=1) @ look.T.astype(np.float32), gain=0.9,
    )  # fmt: skip
    rows, asked = numbers(40, 6, seed=2), numbers(7, 5, seed=3) @ text.T.astype(np.float32)
    seen, plain = head.apply(rows), replace(head, gain=0.0).apply(rows)
    np.testing.assert_allclose(asked @ seen.T * np.sqrt(1 + 0.9**2), asked @ plain.T, atol=1e-5)
    assert np.abs(seen @ seen.T - plain @ plain.T).max() > 0.1


def test_a_picture_is_drawn_to_the_kind_that_it_looks_like() -> None:
    plain, rows = aligned(0), numbers(20, 64, seed=12)
    text, visual = plain.parts(rows)
    text, visual = plain.flat(text), unit_rows(visual)
    head = replace(  # three pictures are kinds
        plain, text_centres=text[:3], visual_centres=visual[:3], centre_weight=0.5
    )
    near, far = head.apply(rows[:3]), plain.apply(rows[:3])
    np.testing.assert_allclose(near, far, atol=0.05)
    between = (rows[0] + rows[1])[None] / 2
    closer, farther = head.apply(between) @ near.T, plain.apply(between) @ far.T
    assert closer.max() > farther.max()
    assert (
        replace(plain, centre_weight=0.5).digest == plain.digest
    )  # without centres nothing is drawn


def test_the_generic_head_answers_with_the_likeliest_classs_text() -> None:
    targets = unit_rows(np.eye(4, 6) + 0.01)
    axis = unit_rows(np.eye(6)[5:])[0]
    head = GenericHead(np.eye(4, dtype=np.float32), np.zeros(4, np.float32), targets, axis, 20.0)
    found = head.apply(np.eye(4, dtype=np.float32))
    assert ((found @ targets.T).argmax(axis=1) == np.arange(4)).all()
    several = GenericHead(
        np.eye(4, dtype=np.float32), np.zeros(4, np.float32), targets, axis, 20.0, 3, 15
    )
    row = np.zeros((1, 15), np.float32)
    row[0, [1, 5, 10]] = 1  # two of the three views show class 1, one class 2
    row[0, 12:] = 9  # what follows the views is not looked at
    assert (several.apply(row) @ targets.T).argmax() == 1


def test_a_blend_without_a_share_is_the_fitted_head_and_misfits_are_refused() -> None:
    rows = unit_rows(numbers(5, 64, seed=3))
    lengths = [np.linalg.norm(head.parts(rows)[0], axis=1) for head in (aligned(), aligned(0))]
    np.testing.assert_allclose(lengths[0], 1, atol=1e-6)
    assert lengths[1].std() > 0
    assert np.linalg.norm(generic().votes(rows), axis=1).max() <= 1
    np.testing.assert_allclose(
        BlendedHead(aligned(), generic(), 0.0).apply(rows), aligned().apply(rows), atol=1e-6
    )
    other = GenericHead(
        numbers(64, 10), numbers(10), unit_rows(numbers(10, 16)), unit_rows(numbers(1, 16))[0], 1.0
    )
    with pytest.raises(InputError, match="do not fit together"):
        BlendedHead(aligned(), other, 1.0)
