"""The metric of a head's text part."""

from dataclasses import replace

import numpy as np
import pytest

from encoders.protocol import unit_rows
from learn.align.fit import fit_ridge_head
from learn.align.generic import GenericTexts
from learn.align.measures import precision_at
from learn.align.metric import text_metric
from learn.align.pairs import Pairs


def test_it_weakens_most_what_all_texts_differ_in_and_lengthens_nothing() -> None:
    draw = np.random.default_rng(0)
    spread = np.r_[5.0, np.ones(5)]
    metric = text_metric(None, (draw.normal(size=(4_000, 6)) * spread).astype(np.float32))
    assert metric.dtype == np.float32
    np.testing.assert_allclose(metric, metric.T, atol=1e-6)
    assert np.linalg.eigvalsh(metric)[-1] == pytest.approx(1.0, abs=1e-5)
    lengths = np.diag(metric)
    assert lengths[0] < 0.6 < lengths[1:].min()


def test_generic_texts_count_beside_the_catalogues_own() -> None:
    draw = np.random.default_rng(1)
    own = draw.normal(size=(500, 4)).astype(np.float32)
    loud = GenericTexts.of((draw.normal(size=(500, 4)) * np.r_[9, 1, 1, 1]).astype(np.float32))
    assert text_metric(loud, own)[0, 0] < 0.5 < text_metric(None, own)[0, 0]


def test_one_text_alone_leaves_everything_as_it_is() -> None:
    np.testing.assert_array_equal(text_metric(None, np.ones((1, 3), np.float32)), np.eye(3))


def test_kinds_that_texts_tell_by_small_differences_are_found_more_often() -> None:
    """Titles differ most in a direction that says nothing of the picture, such as their length."""
    draw = np.random.default_rng(2)
    kinds = np.repeat(np.arange(12), 20)
    meant = draw.normal(size=(12, 24))
    loud = np.zeros((240, 24))
    loud[:, :3] = draw.normal(size=(240, 3)) * 5
    texts = unit_rows((meant[kinds] + loud).astype(np.float32))
    features = meant[kinds] @ draw.normal(size=(24, 30)) + draw.normal(size=(240, 30)) * 3
    learnt, held = np.arange(240) % 20 < 12, np.arange(240) % 20 >= 12
    said = np.eye(learnt.sum(), dtype=np.float32)
    pairs = Pairs(features[learnt].astype(np.float32), texts[learnt], said, np.arange(learnt.sum()))
    head = fit_ridge_head(pairs, texts.mean(axis=0))
    found = [
        precision_at(
            texts[held], kinds[held], one.apply(features[held].astype(np.float32)), kinds[held], 8
        ).mean()
        for one in (head, replace(head, metric=text_metric(None, texts[learnt])))
    ]
    assert found[1] > found[0] + 0.1
