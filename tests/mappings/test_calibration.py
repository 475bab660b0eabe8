import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.calibration import (
    Affine,
    Calibration,
    Centred,
    Raw,
    Saturation,
    Scale,
    Worded,
    pack,
    unpack,
)
from mappings.errors import InputError

CENTRE = pack(np.linspace(-0.5, 0.5, 8))
SCALES = [
    Affine(0.77, 0.91),
    Affine(-0.2, 0.4, clip=True),
    Saturation(8.5),
    Centred(0.1, 0.9, True, CENTRE),
    Worded(0.0, 18.0, True, 4.0, 3.0, 0.7),
    Raw(),
]
numbers = st.floats(-1e6, 1e6)


def test_affine_is_zero_at_low_and_one_at_high() -> None:
    got = Affine(0.75, 1.0)(np.array([0.5, 0.75, 0.875, 1.0, 1.25]))
    np.testing.assert_allclose(got, [0.0, 0.0, 0.5, 1.0, 2.0])


def test_clipped_affine_stops_at_one() -> None:
    np.testing.assert_array_equal(
        Affine(0.0, 0.5, clip=True)(np.array([-1.0, 0.25, 9.0])), [0.0, 0.5, 1.0]
    )


def test_saturation_is_a_half_at_c_and_never_one() -> None:
    np.testing.assert_allclose(
        Saturation(8.0)(np.array([-3.0, 0.0, 8.0, 24.0])), [0.0, 0.0, 0.5, 0.75]
    )
    assert Saturation(8.0)(np.array([1e6]))[0] < 1.0


def test_raw_reproduces_the_arithmetic_of_the_source() -> None:
    np.testing.assert_array_equal(Raw()(np.array([3.7, -1.0])), [3.7, -1.0])


@pytest.mark.parametrize("scale", SCALES)
@given(values=st.lists(numbers, min_size=2, max_size=8))
def test_every_scale_keeps_the_order_shape_and_input(scale: Scale, values: list[float]) -> None:
    raw = np.sort(np.array(values))
    before = raw.copy()
    got = scale(raw)
    np.testing.assert_array_equal(raw, before)
    assert got.shape == raw.shape
    assert got.dtype == np.float64
    assert np.all(np.diff(got) >= 0)


@pytest.mark.parametrize("scale", SCALES[:-1])
@given(value=numbers)
def test_no_calibrated_value_is_negative(scale: Scale, value: float) -> None:
    assert scale(np.array([value]))[0] >= 0


@pytest.mark.parametrize("scale", SCALES)
def test_float32_from_an_encoder_is_taken(scale: Scale) -> None:
    assert scale(np.array([0.8], np.float32)).dtype == np.float64


@pytest.mark.parametrize(
    ("low", "high"),
    [(0.5, 0.5), (0.9, 0.1), (math.nan, 1.0), (0.0, math.nan), (0.0, math.inf)],
)
def test_a_scale_that_would_divide_by_nothing_is_refused(low: float, high: float) -> None:
    with pytest.raises(InputError, match="empty"):
        Affine(low, high)


@pytest.mark.parametrize("c", [0.0, -1.0, math.nan, math.inf])
def test_a_saturation_constant_must_be_positive(c: float) -> None:
    with pytest.raises(InputError, match="not usable"):
        Saturation(c)


def test_meta_and_back_through_json() -> None:
    calibration = Calibration(dict(zip("abcdef", SCALES, strict=True)))
    back = Calibration.from_meta(json.loads(json.dumps(calibration.to_meta())))
    assert back == calibration
    assert back["b"] == SCALES[1]


@pytest.mark.parametrize(
    "entry", [{"kind": "cubic"}, {}, {"kind": "affine", "low": 0.1}, {"kind": "raw", "c": 2.0}]
)
def test_an_unreadable_entry_names_its_signal(entry: dict[str, object]) -> None:
    with pytest.raises(
        InputError, match=r"'image'.*Known kinds: affine, centred, worded, saturation, raw"
    ):
        Calibration.from_meta({"image": entry})


def test_a_centre_goes_through_text_at_half_precision() -> None:
    centre = np.random.default_rng(0).normal(size=384) / 20
    assert len(pack(centre)) == 1024
    np.testing.assert_allclose(unpack(pack(centre)), centre, atol=1e-4)
    with pytest.raises(InputError, match="centre cannot be read"):
        unpack("no base64!")


def test_a_query_that_is_near_to_everything_gets_a_higher_foot() -> None:
    scale = Centred(0.1, 0.9, True, pack(np.array([1.0, 0.0])))
    near, far = np.array([0.9, 0.4], np.float32), np.array([0.1, 0.9], np.float32)
    assert scale.at(near).low == pytest.approx(0.9)
    assert scale.at(far).low == pytest.approx(0.1)
    assert scale.at(far).high == pytest.approx(0.9)


@pytest.mark.parametrize(
    "bad", [(0.0, 3.0, 0.7), (4.0, -1.0, 0.7), (4.0, 3.0, 0.0), (4.0, 3.0, 1.5)]
)
def test_a_scale_by_words_must_grow(bad: tuple[float, float, float]) -> None:
    with pytest.raises(InputError, match="not usable"):
        Worded(0.0, 18.0, True, *bad)
