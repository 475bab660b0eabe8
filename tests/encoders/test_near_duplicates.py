import io

import numpy as np
import pytest
from fixtures_models import shoe
from PIL import Image, ImageDraw, ImageEnhance

from encoders.duplicates import (
    FINGERPRINT_LENGTH,
    distinct,
    fingerprint,
    fingerprint_digest,
    is_same_shot,
)
from encoders.pictures import PictureSize, Pixels, decode
from encoders.protocol import Vectors
from encoders.roles import roles

SIZE = PictureSize(edge=130)


def seen(picture: Image.Image, quality: int = 92) -> Vectors:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    return fingerprint(decode(stream.getvalue(), SIZE))


def thing(colour: str, ground: str = "white") -> Image.Image:
    """A coat on a ground, 300 x 300."""
    picture = Image.new("RGB", (300, 300), ground)
    draw = ImageDraw.Draw(picture)
    draw.polygon([(100, 60), (200, 60), (240, 250), (60, 250)], fill=colour)
    draw.line((150, 60, 150, 250), fill="black", width=5)
    draw.ellipse((130, 100, 145, 115), fill="gold")
    return picture


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(lambda p: p.resize((p.width // 2, p.height // 2)), id="half the size"),
        pytest.param(lambda p: ImageEnhance.Brightness(p).enhance(1.02), id="a little brighter"),
        pytest.param(lambda p: p.crop((4, 4, p.width - 4, p.height - 4)), id="trimmed"),
        pytest.param(lambda p: p.resize((p.width, p.height * 2 // 2)), id="the same"),
    ],
)
def test_the_same_shot_again_is_a_near_duplicate(again: object) -> None:
    for picture in (shoe(), thing("firebrick")):
        copy = again(picture)  # type: ignore[operator]
        assert is_same_shot(seen(picture), seen(copy, 70))


def test_another_colour_another_pose_and_another_thing_are_not() -> None:
    coat = thing("firebrick")
    others = [
        thing("navy"),
        thing("darkgreen"),
        thing("orange"),
        coat.transpose(Image.Transpose.ROTATE_90),
        coat.crop((80, 60, 220, 200)),
        shoe(),
    ]
    for other in others:
        assert not is_same_shot(seen(coat), seen(other))


def test_the_first_of_near_duplicates_is_kept_in_order() -> None:
    red, blue = thing("firebrick"), thing("navy")
    looks = [seen(red), seen(blue), seen(red, 60), None, seen(blue.resize((150, 150))), None]
    assert distinct(looks) == [0, 1, 3, 5]
    assert distinct([]) == []


def test_a_look_is_small_finite_and_the_same_for_the_first_of_several_views() -> None:
    size = PictureSize(edge=96, views=(0.0, 0.5))
    stream = io.BytesIO()
    shoe().save(stream, "PNG")
    views: Pixels = decode(stream.getvalue(), size)
    one = decode(stream.getvalue(), PictureSize(edge=96))
    np.testing.assert_array_equal(fingerprint(views), fingerprint(one))
    assert fingerprint(one).shape == (FINGERPRINT_LENGTH,)
    assert fingerprint(one).dtype == np.float32
    assert fingerprint_digest(size) != fingerprint_digest(SIZE)
    assert np.isfinite(fingerprint(np.zeros((8, 8, 3), np.uint8))).all()


def test_one_cloth_is_a_swatch_and_a_close_view_a_detail() -> None:
    cloth = Image.new("RGB", (300, 300), "firebrick")
    weave = Image.fromarray(
        (np.asarray(cloth).astype(int) + np.random.default_rng(1).integers(-9, 9, (300, 300, 3)))
        .clip(0, 255)
        .astype(np.uint8)
    )
    close = thing("firebrick").crop((110, 70, 190, 240)).resize((300, 300))
    shown = [thing("firebrick"), weave, close, thing("navy")]
    unsaid = ["main", "alternative", "alternative", "alternative"]
    looks = [seen(p) for p in shown]
    assert roles(unsaid, looks) == ["main", "swatch", "detail", "alternative"]
    said = ["main", "alternative", "swatch", "detail"]
    assert roles(said, looks) == ["main", "swatch", "swatch", "detail"]
    assert roles(unsaid, [looks[0], None, None, looks[3]]) == unsaid
    assert roles([], []) == []


def test_without_a_ground_in_the_main_picture_nothing_is_called_a_detail() -> None:
    close = thing("firebrick").crop((110, 70, 190, 240)).resize((300, 300))
    looks = [seen(shoe().crop((150, 150, 400, 400))), seen(close)]
    assert roles(["main", "alternative"], looks) == ["main", "alternative"]
