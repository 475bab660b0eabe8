"""Several squares of a picture, and its colours in Lab."""

import io

import numpy as np
import pytest
from PIL import Image

from encoders.image.lab_histogram import colour_histogram, to_lab
from encoders.picture_size import PictureSize
from encoders.pictures import PictureDecoder, decode

VIEWS = PictureSize(edge=48, crop=0.9, views=(0.0, 0.6))


def saved(picture: Image.Image, format: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, format, **options)
    return out.getvalue()


def tall() -> Image.Image:
    """Return a dark tall picture: red at the upper end, a green spot in the middle."""
    picture = Image.new("RGB", (60, 180), (20, 20, 20))
    picture.paste((250, 0, 0), (10, 0, 50, 20))
    picture.paste((0, 250, 0), (26, 86, 34, 94))
    return picture


def test_the_squares_are_the_middle_the_whole_and_the_heart() -> None:
    content = saved(tall())
    pixels = decode(content, VIEWS)
    assert pixels.shape == VIEWS.shape == (144, 48, 3)
    middle, whole, heart = pixels[:48], pixels[48:96], pixels[96:]
    np.testing.assert_array_equal(middle, decode(content, PictureSize(edge=48, crop=0.9)))
    np.testing.assert_array_equal(heart, decode(content, PictureSize(edge=48, crop=0.6)))
    assert whole[..., 0].max() > 200  # the ends are seen
    assert middle[..., 0].max() < 50
    assert np.abs(whole[:, 0].astype(int) - 20).max() <= 2  # the ground is the border's median


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "LA", "CMYK"])
def test_every_mode_gives_the_squares(mode: str) -> None:
    format = "JPEG" if mode == "CMYK" else "PNG"
    assert decode(saved(tall().convert(mode), format), VIEWS).shape == VIEWS.shape


def test_squares_are_upright_each_by_itself() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = tall().transpose(Image.Transpose.ROTATE_90)
    turned = decode(saved(stored, "JPEG", quality=95, exif=exif), VIEWS).astype(int)
    straight = decode(saved(tall(), "JPEG", quality=95), VIEWS).astype(int)
    assert np.abs(turned - straight).mean() < 3


def test_the_child_process_gives_the_same_squares() -> None:
    content = saved(tall())
    with PictureDecoder() as decoder:
        found = decoder.decode_many([content], VIEWS)[0]
    assert isinstance(found, np.ndarray)
    np.testing.assert_array_equal(found, decode(content, VIEWS))


def test_one_square_has_the_digest_it_had_and_views_another() -> None:
    assert PictureSize(edge=260, crop=260 / 292).digest == "37bf8982441e"
    assert VIEWS.digest != PictureSize(edge=48, crop=0.9).digest


def test_colours_are_lab_and_the_background_does_not_count() -> None:
    assert np.allclose(to_lab(np.array([[255, 255, 255]], dtype=np.uint8)), [[100, 0, 0]], atol=0.1)
    on_white = np.full((64, 64, 3), 255, dtype=np.uint8)
    on_black = np.zeros((64, 64, 3), dtype=np.uint8)
    for square in (on_white, on_black):
        square[16:48, 16:48] = (200, 20, 20)
    assert colour_histogram(on_white) @ colour_histogram(on_black) > 0.99
