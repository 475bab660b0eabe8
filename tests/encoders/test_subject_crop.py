import dataclasses
import io

import numpy as np
import pytest
from fixtures_models import shoe
from PIL import Image, ImageDraw

from encoders.crop import WHOLE, Box, crop_subject, find_subject
from encoders.pictures import PictureDecoder, PictureSize, decode
from mappings.errors import InputError

SIZE = PictureSize(edge=32)


def drawn(box: tuple[int, int, int, int], ground: str = "white") -> Image.Image:
    """A red thing with a black stripe on an even ground, 200 x 300."""
    picture = Image.new("RGB", (200, 300), ground)
    draw = ImageDraw.Draw(picture)
    draw.rectangle(box, fill=(190, 20, 30))
    draw.line((box[0], box[1], box[2], box[3]), fill="black", width=4)
    return picture


def png(picture: Image.Image, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG", **options)
    return stream.getvalue()


@pytest.mark.parametrize("ground", ["white", "gray", "darkgreen"])
def test_the_subject_is_found_on_an_even_ground(ground: str) -> None:
    box = find_subject(np.asarray(drawn((40, 60, 140, 220), ground)))
    found = np.array([box.left * 200, box.top * 300, box.right * 200, box.bottom * 300])
    np.testing.assert_allclose(found, [40, 60, 140, 220], atol=14)


def test_the_subject_is_found_on_a_noisy_ground() -> None:
    pixels = np.asarray(drawn((40, 60, 140, 220), "beige")).astype(np.int64)
    noise = np.random.default_rng(1).integers(-25, 25, pixels.shape)
    box = find_subject((pixels + noise).clip(0, 255).astype(np.uint8))
    found = np.array([box.left * 200, box.top * 300, box.right * 200, box.bottom * 300])
    np.testing.assert_allclose(found, [40, 60, 140, 220], atol=16)


def test_a_picture_that_is_all_subject_or_all_ground_stays_whole() -> None:
    cloth = np.random.default_rng(2).integers(0, 255, (120, 80, 3)).astype(np.uint8)
    assert find_subject(cloth) == WHOLE
    assert find_subject(np.full((50, 70, 3), 128, np.uint8)) == WHOLE
    assert find_subject(np.zeros((1, 1, 3), np.uint8)) == WHOLE
    assert find_subject(np.zeros((3, 900, 3), np.uint8)) == WHOLE


def test_what_lies_in_a_corner_is_no_subject() -> None:
    assert find_subject(np.asarray(drawn((0, 0, 50, 60)))) == WHOLE


def test_a_given_box_is_taken_and_a_detector_is_asked() -> None:
    pixels = np.asarray(drawn((40, 60, 140, 220)))

    class Corner:
        def subject(self, image: np.ndarray) -> Box | None:
            return Box(0.5, 0.5, 1.0, 1.0)

    class Blind:
        def subject(self, image: np.ndarray) -> Box | None:
            return None

    cut, box = crop_subject(pixels, box=Box(0.0, 0.0, 0.5, 0.25))
    assert (cut.shape, box) == ((75, 100, 3), Box(0.0, 0.0, 0.5, 0.25))
    assert crop_subject(pixels, detector=Corner())[0].shape == (150, 100, 3)
    assert crop_subject(pixels, detector=Blind())[0].shape == pixels.shape
    cut, _ = crop_subject(pixels)
    assert cut.shape[0] < 200
    assert np.shares_memory(cut, pixels)


@pytest.mark.parametrize("text", ["", "1,2,3", "0,0,0,1", "0.5,0,0.4,1", "0,0,1,nan", "a,b,c,d"])
def test_a_box_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="box") as caught:
        Box.parse(text)
    assert "0.2,0.1,0.8,0.9" in caught.value.cure


def test_no_picture_is_refused() -> None:
    with pytest.raises(InputError, match="float64"):
        crop_subject(np.zeros((4, 4, 3)))  # type: ignore[arg-type]


def test_a_box_has_at_least_one_pixel() -> None:
    assert Box(0.999, 0.999, 1.0, 1.0).pixels(10, 10) == (9, 9, 10, 10)
    assert Box(0.0, 0.0, 0.001, 0.001).pixels(10, 10) == (0, 0, 1, 1)


def test_a_boxed_picture_is_decoded_as_if_the_rest_were_not_there() -> None:
    picture = shoe()
    part = picture.crop((146, 146, 438, 438))
    box = Box(0.25, 0.25, 0.75, 0.75)
    np.testing.assert_array_equal(decode(png(picture), SIZE, box=box), decode(png(part), SIZE))


def test_a_box_is_said_of_the_upright_picture() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its side
    picture = drawn((40, 60, 140, 220))
    lying = picture.transpose(Image.Transpose.ROTATE_90)
    box = Box(0.1, 0.5, 0.6, 1.0)
    np.testing.assert_array_equal(
        decode(png(lying, exif=exif), SIZE, box=box), decode(png(picture), SIZE, box=box)
    )


def test_the_child_cuts_as_this_process_does() -> None:
    content, box = png(shoe()), Box(0.1, 0.2, 0.7, 0.8)
    own = dataclasses.replace(SIZE, subject=True)
    with PictureDecoder() as decoder:
        first, second = decoder.decode_many([content] * 2, SIZE, [box, None])
        (third,) = decoder.decode_many([content], own)
    np.testing.assert_array_equal(first, decode(content, SIZE, box=box))
    np.testing.assert_array_equal(second, decode(content, SIZE))
    np.testing.assert_array_equal(third, decode(content, own))
    assert np.abs(np.asarray(third, dtype=int) - np.asarray(second, dtype=int)).mean() > 5


def test_a_stretched_square_holds_the_whole_picture() -> None:
    picture = drawn((0, 0, 200, 20))
    held = decode(png(picture), dataclasses.replace(SIZE, stretch=True))
    np.testing.assert_array_equal(
        held, np.asarray(picture.resize((32, 32), Image.Resampling.BICUBIC, reducing_gap=2.0))
    )
    assert (decode(png(picture), SIZE) > 230).all()  # the central square is white


def test_only_what_changes_the_pixels_changes_the_digest() -> None:
    assert SIZE.digest == dataclasses.replace(SIZE, stretch=False, subject=False).digest
    assert len({SIZE.digest, dataclasses.replace(SIZE, stretch=True).digest,
                dataclasses.replace(SIZE, subject=True).digest}) == 3  # fmt: skip
