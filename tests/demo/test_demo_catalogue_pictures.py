"""What pictures show: the colour that the tag names, types apart by shape, unseen queries."""

import io
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from demo.catalogue.colours import COLOURS, nearest
from demo.catalogue.kinds import KINDS
from demo.catalogue.outlines import draw_cutout
from demo.catalogue.patterns import Cloth
from demo.catalogue.pictures import draw_pictures, subject_of
from demo.catalogue.plan import Plan, plan_products
from demo.catalogue.queries import tour_picture
from demo.catalogue.views import FRONT, place, posed

PLANS = list(plan_products(1000, 7))
SOLID = [p for p in PLANS if p.pattern == "solid"]


def first_picture(plan: Plan) -> Image.Image:
    return Image.open(io.BytesIO(next(draw_pictures(plan, 1))))


def seen_colour(plan: Plan) -> str:
    """The colour nearest to the mean of the cloth in the main picture."""
    cutout = subject_of(plan).cutout
    (_, _, cloth), corner = posed((cutout.image, cutout.alpha, cutout.cloth), FRONT)
    mask = Image.new("L", (320, 320), 0)
    mask.paste(cloth, place(FRONT, corner))
    pixels = np.asarray(first_picture(plan))[np.asarray(mask) > 250]
    assert len(pixels) > 800, plan.kind.key
    return nearest(pixels.mean(axis=0))


@pytest.mark.parametrize("colour", sorted(COLOURS))
def test_the_cloth_has_the_colour_that_the_tag_names(colour: str) -> None:
    plans = [p for p in SOLID if p.colour == colour][:12]
    assert len(plans) == 12
    assert {p.id: seen_colour(p) for p in plans} == {p.id: colour for p in plans}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_type_has_the_colour_that_the_tag_names(kind: str) -> None:
    plan = next(p for p in SOLID if p.kind.key == kind)
    assert seen_colour(plan) == plan.colour


def test_shapes_differ_between_types() -> None:
    cloth = Cloth("solid", COLOURS["red"].rgb, COLOURS["white"].rgb, 0.09, 0, "plain")
    alphas = [np.asarray(draw_cutout(k, cloth, "1").alpha) > 127 for k in sorted(KINDS)]
    for i, one in enumerate(alphas):
        for other in alphas[i + 1 :]:
            assert (one & other).sum() / (one | other).sum() < 0.85


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_pattern_of_a_type_can_be_seen_and_leaves_the_colour_its_share(kind: str) -> None:
    red, white = COLOURS["red"].rgb, COLOURS["white"].rgb
    drawn = {}
    for pattern in KINDS[kind].patterns:
        cutout = draw_cutout(kind, Cloth(pattern, red, white, 0.09, 0, "plain"), "1")
        drawn[pattern] = np.asarray(cutout.image, dtype=np.int16)
        cloth = np.asarray(cutout.cloth) > 250
    for pattern in set(drawn) - {"solid"}:
        moved = np.abs(drawn[pattern] - drawn["solid"]).max(axis=-1)[cloth].mean()
        share = moved / np.abs(np.subtract(red, white)).max()
        assert 0.04 < share < 0.5, (pattern, share)


def test_patterns_differ_on_one_shape() -> None:
    drawn = []
    for pattern in KINDS["dress"].patterns:
        cloth = Cloth(pattern, COLOURS["red"].rgb, COLOURS["white"].rgb, 0.09, 0, "plain")
        drawn.append(np.asarray(draw_cutout("dress", cloth, "1").image, dtype=np.int16))
    assert all(np.abs(a - b).mean() > 2 for a, b in pairwise(drawn))


def test_a_product_fits_into_its_main_picture() -> None:
    for kind in KINDS:
        plan = next(p for p in PLANS if p.kind.key == kind)
        left, top, right, bottom = subject_of(plan).cutout.alpha.getbbox() or (0, 0, 0, 0)
        assert left >= 2
        assert top >= 2
        assert right <= 398
        assert bottom <= 398


def test_tour_pictures_are_their_own_and_repeatable() -> None:
    picture = tour_picture("连衣裙", "red", "条纹", 1)
    assert (picture.mode, picture.size) == ("RGB", (320, 320))
    assert picture.tobytes() == tour_picture("dress", "红色", "stripes", 1).tobytes()
    assert picture.tobytes() != tour_picture("dress", "红色", "stripes", 2).tobytes()


def test_tour_pictures_are_not_in_the_catalogue() -> None:
    plans = [p for p in PLANS if p.kind.key == "sneakers" and p.colour == "white"]
    seen = {
        Image.open(io.BytesIO(content)).convert("RGB").tobytes()
        for plan in plans
        for content in draw_pictures(plan, 10)
    }
    assert len(seen) == 10 * len(plans)
    tour = tour_picture("sneakers", "white", "solid", 1)
    file = io.BytesIO()
    tour.save(file, "JPEG", quality=86)
    assert Image.open(file).convert("RGB").tobytes() not in seen
