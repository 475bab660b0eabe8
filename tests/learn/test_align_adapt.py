"""The fit of the query adapter: new titles find their pictures better; few titles fit nothing."""

from dataclasses import replace

import numpy as np
import pytest

from encoders.adapter import adapter_of
from encoders.head_aligned import AlignedHead
from encoders.protocol import unit_rows
from learn.align.adapt import FEWEST, with_adapter
from learn.align.fit import fit_ridge_head
from learn.align.measures import own_pictures
from learn.align.pairs import Pairs

D, PRODUCTS, EACH = 16, 120, 2
OWNERS = np.repeat(np.arange(PRODUCTS), EACH)


def shop() -> tuple[AlignedHead, np.ndarray, np.ndarray]:
    """A head that knows half of what titles say, pictures that show the other half as well."""
    draw = np.random.default_rng(5)
    titles = unit_rows(draw.normal(size=(PRODUCTS, D)) + 0.5)
    seen = titles @ np.linalg.qr(draw.normal(size=(D, D)))[0]
    features = (seen[OWNERS] + 0.02 * draw.normal(size=(len(OWNERS), D))).astype(np.float32)
    head = fit_ridge_head(
        Pairs(features, titles, np.eye(PRODUCTS, dtype="f4")[OWNERS], OWNERS), titles.mean(axis=0)
    )
    turned = draw.normal(size=(D, D)).astype(np.float32)  # a visual part that no text knows
    return replace(head, visual=turned, gain=1.0), features, titles


def recall(head: AlignedHead, features: np.ndarray, asked: np.ndarray) -> float:
    held = np.arange(80, PRODUCTS)
    kept = np.isin(OWNERS, held)
    own = [np.flatnonzero(OWNERS[kept] == p).tolist() for p in held]
    return float(own_pictures(asked[held], head.apply(features[kept]), own, 3)[1].mean())


def test_titles_that_were_not_fitted_on_find_more_of_their_pictures() -> None:
    head, features, titles = shop()
    learnt = OWNERS < 80
    adapted = with_adapter(head, features[learnt], OWNERS[learnt], titles[OWNERS[learnt]])
    adapter = adapter_of(adapted)
    assert adapter is not None
    assert adapter.matrix.shape == (D, D)
    assert adapter.matrix.dtype == adapter.mean.dtype == np.float32
    assert recall(head, features, adapter.adapt(titles)) > recall(head, features, titles) + 0.05


def test_products_without_a_title_do_not_count() -> None:
    head, features, titles = shop()
    told = np.where((OWNERS < 60)[:, None], titles[OWNERS], np.float32(0))
    some = with_adapter(head, features, OWNERS, told)
    kept = OWNERS < 60
    same = with_adapter(head, features[kept], OWNERS[kept], titles[OWNERS[kept]])
    assert some.digest == same.digest


@pytest.mark.parametrize("titled", [0, FEWEST - 1])
def test_few_titles_make_no_adapter(titled: int) -> None:
    head, features, titles = shop()
    told = np.where((titled > OWNERS)[:, None], titles[OWNERS], np.float32(0))
    assert with_adapter(head, features, OWNERS, told) is head
    assert with_adapter(head, features, OWNERS, None) is head


def test_titles_that_say_nothing_of_the_pictures_make_no_adapter() -> None:
    head, features, titles = shop()
    others = np.random.default_rng(1).permutation(PRODUCTS)
    assert with_adapter(head, features, OWNERS, titles[others][OWNERS]) is head


def test_what_is_added_is_as_long_as_it_is_right() -> None:
    head, features, titles = shop()
    noise = np.random.default_rng(2).normal(size=features.shape).astype(np.float32)
    lengths = []
    for share in (0.0, 0.3, 0.6):
        adapter = adapter_of(with_adapter(head, features + share * noise, OWNERS, titles[OWNERS]))
        assert adapter is not None
        own = np.linalg.norm(titles - adapter.mean, axis=1)
        lengths.append((np.linalg.norm(adapter.part(titles), axis=1) / own).mean())
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] > lengths[-1] + 0.05
    assert 0 < lengths[-1] < lengths[0] < 1.2


def test_titles_that_are_all_the_same_make_no_adapter() -> None:
    head, features, titles = shop()
    same = np.repeat(titles[:1], len(OWNERS), axis=0)
    assert with_adapter(head, features, OWNERS, same) is head
