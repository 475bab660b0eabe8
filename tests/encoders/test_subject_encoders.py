import dataclasses
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from encoders.attributes import AttributeWeights
from encoders.crop import Box
from encoders.detect import BoxDetector, load_detector
from encoders.picture_size import PictureSize
from encoders.pictures import decode
from encoders.projection import ProjectedImageEncoder, fit_ridge
from encoders.registry import load_image_encoder, load_text_encoder
from encoders.space import Space, load_space
from encoders.subject import SEEN, DetectedEncoder, squares
from mappings.errors import InputError, UnknownModel


def png(box: tuple[int, int, int, int], ground: str = "white") -> bytes:
    picture = Image.new("RGB", (300, 400), ground)
    draw = ImageDraw.Draw(picture)
    draw.rectangle(box, fill=(190, 20, 30))
    draw.ellipse(box, fill=(20, 20, 120))
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


def test_wherever_the_subject_lies_its_vector_is_nearly_the_same() -> None:
    whole, cut = load_image_encoder("hash"), load_image_encoder("crop:hash")
    placed = [png((60, 80, 200, 220)), png((150, 200, 290, 340)), png((80, 120, 220, 260))]
    near = cut.encode_products([decode(p, cut.size) for p in placed])
    far = whole.encode_products([decode(p, whole.size) for p in placed])
    assert (near @ near.T).min() > 0.98 > (far @ far.T).min()


def test_a_cropping_encoder_is_another_model_and_loads_again() -> None:
    whole, cut = load_image_encoder("hash:32"), load_image_encoder("crop:hash:32")
    assert cut.card.preprocessing != whole.card.preprocessing
    assert cut.card.name == "crop:hash:32"
    again = load_image_encoder(cut.loads_as)  # type: ignore[attr-defined]
    assert again.card == cut.card
    assert (cut.card.space, cut.card.dim) == (whole.card.space, whole.card.dim)
    with pytest.raises(InputError, match="cannot be compared"):
        Space(load_text_encoder("hash:32"), cut, AttributeWeights(1, {}))


def test_a_space_with_a_cropping_encoder_loads_again(tmp_path: Path) -> None:
    text, cut = load_text_encoder("hash:32"), load_image_encoder("crop:hash:32")
    draw = np.random.default_rng(0)
    projection = fit_ridge(
        draw.normal(size=(9, 32)), draw.normal(size=(9, 32)), ridge=1.0,
        source_space=cut.card.space, target_space=text.card.space,
    )  # fmt: skip
    space = Space(text, ProjectedImageEncoder(cut, projection), AttributeWeights(1, {}))
    space.save(tmp_path / "space")
    again = load_space(tmp_path / "space")
    assert again.identity == space.identity
    assert again.image is not None
    assert again.image.size.subject


@pytest.mark.parametrize("name", ["crop:", "crop:|hash", "crop:nothing", "crop:nosuch|hash"])
def test_a_name_that_cannot_be_loaded_says_why(name: str) -> None:
    with pytest.raises(UnknownModel) as caught:
        load_image_encoder(name)
    assert caught.value.cure


def test_a_detector_cuts_and_without_a_find_the_picture_stays_whole() -> None:
    class Found:
        def __init__(self, box: Box | None) -> None:
            self._box = box

        def subject(self, image: Any) -> Box | None:
            assert image.shape == (SEEN.edge, SEEN.edge, 3)
            return self._box

    inner = load_image_encoder("hash")
    content = png((60, 80, 200, 220))
    pixels = decode(content, SEEN)
    assert pixels.shape == (2 * SEEN.edge, SEEN.edge, 3)
    half = Box(0.0, 0.0, 0.5, 0.5)
    cut = DetectedEncoder(inner, Found(half), "mine", "1").encode_products([pixels])
    wanted = inner.encode_products([squares(pixels[SEEN.edge :], half, inner.size)])
    np.testing.assert_array_equal(cut, wanted)
    whole = DetectedEncoder(inner, Found(None), "mine", "1").encode_query([pixels])
    wanted = inner.encode_products([squares(pixels[SEEN.edge :], Box(), inner.size)])
    np.testing.assert_array_equal(whole, wanted)
    assert np.abs(cut - whole).max() > 0.01


def test_squares_keep_proportions_and_give_every_view() -> None:
    whole = np.zeros((100, 100, 3), np.uint8)
    whole[20:80, 40:60] = 255  # 20 wide, 60 high
    size = PictureSize(30, views=(0.0, 0.5))
    found = squares(whole, Box(0.4, 0.2, 0.6, 0.8), size)
    assert found.shape == size.shape
    white = (found[:30] > 200).any(axis=2)
    assert white.all(axis=1).sum() == 0  # not stretched: black at both sides
    assert white[:, 15].all()
    at_the_rim = squares(whole, Box(0.0, 0.0, 0.1, 0.5), dataclasses.replace(size, views=()))
    assert at_the_rim.shape == (30, 30, 3)


def test_of_several_boxes_the_sure_large_central_one_is_taken() -> None:
    image = np.zeros((100, 200, 3), np.uint8)
    boxes = np.array(
        [[0, 0, 20, 20], [60, 20, 140, 80], [90, 45, 110, 55], [-50, -50, 400, 400], [9, 9, 9, 9]]
    )

    def detector(scores: list[float], sure: float = 0.5) -> BoxDetector:
        return BoxDetector(lambda _: (boxes, scores), "x", sure)

    assert detector([0.9, 0.9, 0.9, 0.4, 1.0]).subject(image) == Box(0.3, 0.2, 0.7, 0.8)
    assert detector([0.9, 0.1, 0.1, 0.9, 1.0]).subject(image) == Box()  # clipped to the picture
    assert detector([0.1] * 5).subject(image) is None
    assert detector([0.1] * 5, 0.0).subject(image) is not None
    assert detector([1.0] * 5).digest != detector([1.0] * 5, 0.2).digest


@pytest.mark.models
def test_a_torchvision_detector_is_loaded_from_a_file_and_asked(tmp_path: Path) -> None:
    import torch
    from torchvision.models import get_model

    torch.manual_seed(0)
    name = "ssdlite320_mobilenet_v3_large"
    network = get_model(name, weights=None, weights_backbone=None)
    torch.save(network.state_dict(), tmp_path / "weights.pth")
    detector = load_detector(f"torchvision:{name}?weights={tmp_path / 'weights.pth'}", sure=0.0)
    image = np.random.default_rng(0).integers(0, 255, (120, 160, 3)).astype(np.uint8)
    assert isinstance(detector.subject(image), Box)
    sure = load_detector(f"torchvision:{name}?weights={tmp_path / 'weights.pth'}", sure=1.0)
    assert sure.subject(image) is None
    (tmp_path / "other.pth").write_bytes(b"no weights")
    for odd in (f"torchvision:{name}?weights={tmp_path / 'other.pth'}", "torchvision:resnet18"):
        with pytest.raises(UnknownModel) as caught:
            load_detector(odd)
        assert caught.value.cure


@pytest.mark.models
def test_a_transformers_detector_is_loaded_from_a_folder_and_asked(tmp_path: Path) -> None:
    import torch
    from transformers import YolosConfig, YolosForObjectDetection, YolosImageProcessor

    torch.manual_seed(0)
    config = YolosConfig(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        image_size=[64, 64], patch_size=16, num_detection_tokens=5,
    )  # fmt: skip
    folder = tmp_path / "yolos"
    YolosForObjectDetection(config).train(False).save_pretrained(folder)
    YolosImageProcessor(size={"height": 64, "width": 64}).save_pretrained(folder)
    detector = load_detector(f"hf:{folder}", sure=0.0)
    image = np.random.default_rng(0).integers(0, 255, (120, 160, 3)).astype(np.uint8)
    assert isinstance(detector.subject(image), Box)
    name = f"crop:hf:{folder}|hash:64"
    encoder = load_image_encoder(name)
    assert encoder.loads_as == name  # type: ignore[attr-defined]
    assert encoder.card.name == "crop:hf:yolos|hash:64"
    rows = encoder.encode_products([decode(png((60, 80, 200, 220)), encoder.size)])
    assert rows.shape == (1, encoder.card.dim)
    with pytest.raises(UnknownModel, match="nowhere"):
        load_detector(f"hf:{tmp_path / 'nowhere'}")
