"""The colours of pictures by name: what is drawn is named, and the background is not."""

from random import Random

import numpy as np
import pytest

from demo.catalogue.colours import COLOURS
from encoders.extract.colours import CHINESE, NAMES, colour_shares, picture_colours


def picture(paint: tuple[int, int, int], background: tuple[int, int, int]) -> np.ndarray:
    pixels = np.full((96, 96, 3), background, dtype=np.uint8)
    pixels[24:72, 24:72] = paint
    return pixels


@pytest.mark.parametrize("key", sorted(COLOURS))
def test_a_painted_square_is_named(key: str) -> None:
    shares = colour_shares(picture(COLOURS[key].rgb, (120, 200, 120)))
    first = picture_colours(shares)[0]
    assert first.name == key
    assert first.share > 0.95
    assert first.zh == CHINESE[key]


def test_the_background_is_left_out_unless_there_is_nothing_else() -> None:
    on_white = picture_colours(colour_shares(picture((200, 30, 40), (255, 255, 255))))
    assert [c.name for c in on_white] == ["red"]
    nothing = picture_colours(colour_shares(picture((250, 250, 250), (255, 255, 255))))
    assert [c.name for c in nothing] == ["white"]


def test_two_colours_are_two_and_shares_are_a_whole() -> None:
    pixels = picture((200, 30, 40), (255, 255, 255))
    pixels[24:72, 48:72] = (30, 42, 90)
    shares = colour_shares(pixels)
    assert shares.shape == (len(NAMES),)
    assert shares.dtype == np.float32
    assert shares.sum() == pytest.approx(1.0, abs=1e-5)
    assert {c.name for c in picture_colours(shares)} == {"red", "navy"}


def test_only_the_first_of_several_views_counts() -> None:
    first, second = picture((200, 30, 40), (255, 255, 255)), picture((46, 136, 78), (0, 0, 0))
    both = np.concatenate([first, second])
    np.testing.assert_array_equal(colour_shares(both), colour_shares(first))


def test_noise_is_named_the_same_each_time() -> None:
    rng = np.random.default_rng(Random(3).randrange(100))
    pixels = rng.integers(0, 256, (64, 64, 3)).astype(np.uint8)
    np.testing.assert_array_equal(colour_shares(pixels), colour_shares(pixels.copy()))
