from pathlib import Path

import numpy as np
import pytest

from encoders.image.object_class import ObjectClasses, chinese_names, object_classes, reads
from encoders.pictures import decode
from encoders.registry import load_image_encoder


def small() -> ObjectClasses:
    """Three classes that the first three features tell."""
    weights = np.zeros((1280, 3), np.float32)
    weights[[0, 1, 2], [0, 1, 2]] = 1.0
    return ObjectClasses(
        weights, np.zeros(3, np.float32), ("shoe", "hat", "bag"), ("鞋", "帽", "包")
    )


def row(*first: float) -> np.ndarray:
    found = np.zeros(1300, np.float32)
    found[: len(first)] = first
    found[1280:] = 5.0  # what follows the features is not looked at
    return found


def test_a_sure_class_is_named_in_both_languages_and_an_unsure_one_is_not() -> None:
    classes = small()
    assert classes.names(np.stack([row(1.0)])) == ("shoe", "鞋")
    assert classes.names(np.stack([row(1.0, 1.0, 1.0)])) == ()
    assert classes.names(np.empty((0, 1280), np.float32)) == ()
    np.testing.assert_allclose(classes.chances(np.stack([row(1.0, 0.2)])).sum(), 1.0)


def test_the_pictures_of_a_product_vote() -> None:
    classes = small()
    assert classes.names(np.stack([row(1.0), row(1.0), row(0.0, 1.0)])) == ("shoe", "鞋")
    assert classes.names(np.stack([row(1.0), row(0.0, 1.0)])) == ()  # none above a half


def test_every_class_has_a_chinese_name_and_only_its_own_encoders_are_read() -> None:
    assert len(chinese_names()) == 1000
    assert all(chinese_names())
    assert reads("efficientnet-lite2")
    assert reads("crop:efficientnet-lite2")
    assert not reads("torchvision:resnet50")


@pytest.mark.models
@pytest.mark.data
def test_photos_of_jeans_are_called_jeans(evaluation_data: Path) -> None:
    encoder = load_image_encoder("efficientnet-lite2", threads=1, runtime="eager")
    photos = sorted((evaluation_data / "clothing" / "pants").glob("*.jpg"))[:24]
    rows = encoder.encode_products([decode(p.read_bytes(), encoder.size) for p in photos])
    chances = object_classes().chances(rows)
    names = [object_classes().english[i] for i in chances.argmax(axis=1)]
    assert names.count("jean") >= 8
    assert object_classes().names(rows[chances.max(axis=1).argmax()][None])[0] == "jean"
