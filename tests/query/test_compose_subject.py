"""The subject of an upload: found in a capped process, cut out before it is encoded."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from encoders.crop import Box
from encoders.image.hashed import HashImageEncoder
from encoders.pictures import PictureDecoder
from encoders.text.hashed import HashTextEncoder
from mappings.errors import InputError
from query.encode.encoder import QueryEncoder
from query.encode.subject_finder import SubjectFinder
from query.model.intent import understand
from query.model.mixture import Mixture
from query.model.request import SearchRequest

DIM = 32


def photo(width: int = 400, height: int = 240) -> bytes:
    """A red thing at the right of a plain wall."""
    image = Image.new("RGB", (width, height), (225, 225, 220))
    image.paste(
        (190, 20, 30), (int(width * 0.45), int(height * 0.25), int(width * 0.8), int(height * 0.9))
    )
    kept = io.BytesIO()
    image.save(kept, "PNG")
    return kept.getvalue()


class Upper:
    """A detector: what it is of lies in the upper half; of small pictures it finds nothing."""

    def __init__(self, finds: bool) -> None:
        self.finds = finds

    def subject(self, image: Any) -> Box | None:
        assert image.shape == (320, 320, 3)
        return Box(0.0, 0.0, 1.0, 0.5) if self.finds else None


@pytest.fixture
def subject_finder() -> Iterator[SubjectFinder]:
    opened = SubjectFinder(PictureDecoder())
    yield opened
    opened.close()


def encoder(subject_finder: SubjectFinder | None) -> QueryEncoder:
    return QueryEncoder(
        HashTextEncoder(DIM),
        HashImageEncoder(DIM),
        PictureDecoder(),
        DIM,
        subject_finder=subject_finder,
    )


def seen(one: QueryEncoder, mixture: Mixture) -> np.ndarray[Any, Any]:
    request = SearchRequest(pictures=(photo(),), mixture=mixture)
    vectors, failed = one.encode(understand(request))
    assert not failed
    assert vectors.picture is not None
    return vectors.picture


def test_what_stands_out_is_found_in_shares_of_the_whole_picture(
    subject_finder: SubjectFinder,
) -> None:
    box = subject_finder.box(photo())
    assert (box.left, box.top) == pytest.approx((0.45, 0.25), abs=0.06)
    assert (box.right, box.bottom) == pytest.approx((0.8, 0.9), abs=0.06)


def test_a_detector_is_asked_first_and_the_eye_where_it_finds_nothing() -> None:
    with PictureDecoder() as decoder:
        assert SubjectFinder(decoder, Upper(True)).box(photo()) == Box(0.0, 0.0, 1.0, 0.5)
        by_eye = SubjectFinder(decoder, Upper(False)).box(photo())
        assert by_eye == SubjectFinder(decoder).box(photo())


def test_the_subject_is_what_is_encoded(subject_finder: SubjectFinder) -> None:
    one = encoder(subject_finder)
    try:
        box = subject_finder.box(photo())
        whole, cut = seen(one, Mixture()), seen(one, Mixture(subject=True))
        assert not np.allclose(whole, cut)
        np.testing.assert_array_equal(cut, seen(one, Mixture(boxes=(box,))))
        given = Box(0.0, 0.0, 0.5, 0.5)
        mixture = Mixture(boxes=(given,), subject=True)
        np.testing.assert_array_equal(seen(one, mixture), seen(one, Mixture(boxes=(given,))))
    finally:
        one.close()


def test_without_a_finder_a_box_is_asked_for() -> None:
    one = encoder(None)
    try:
        with pytest.raises(InputError, match="not looked for") as refused:
            seen(one, Mixture(subject=True))
        assert "box" in refused.value.cure
    finally:
        one.close()


def test_a_broken_picture_is_refused_by_the_finder(subject_finder: SubjectFinder) -> None:
    for content in (b"", b"<html>", photo()[:200]):
        with pytest.raises(InputError):
            subject_finder.box(content)
    assert subject_finder.box(photo()).share < 0.5
