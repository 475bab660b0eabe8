"""The fit of the query adapter: new titles find their pictures better; few titles fit nothing."""

from dataclasses import replace

import numpy as np
import pytest

from encoders.adapter import adapter_of
from encoders.head_aligned import AlignedHead
from encoders.kinds.names import load_names
from encoders.protocol import unit_rows
from learn.align.adapt import FEWEST, FEWEST_NAMED, with_adapter
from learn.align.fit import fit_ridge_head
from learn.align.measures import own_pictures
from learn.align.pairs import Pairs

D, PRODUCTS, EACH = 16, 120, 2
OWNERS = np.repeat(np.arange(PRODUCTS), EACH)
NOBODY = np.zeros(PRODUCTS, dtype=np.float32)


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
    assert (
        recall(head, features, adapter.asked(titles, NOBODY))
        > recall(head, features, titles) + 0.05
    )


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
        lengths.append((np.linalg.norm(adapter.part(titles, NOBODY), axis=1) / own).mean())
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] > lengths[-1] + 0.05
    assert 0 < lengths[-1] < lengths[0] < 1.2


def test_titles_that_are_all_the_same_make_no_adapter() -> None:
    head, features, titles = shop()
    same = np.repeat(titles[:1], len(OWNERS), axis=0)
    assert with_adapter(head, features, OWNERS, same) is head


WOMEN, MEN = (
    sorted(n for n in load_names() if load_names().gender(n) == sign) for sign in (1.0, -1.0)
)


def people(count: int, each: int = 1) -> np.ndarray:
    """The first name of each title: ``count`` different ones of women and men in turn."""
    pool = [name for pair in zip(WOMEN, MEN, strict=False) for name in pair][:count]
    names = [name for name in pool for _ in range(each)]
    return np.array((names + [""] * PRODUCTS)[:PRODUCTS])


def shown_as(genders: np.ndarray) -> np.ndarray:
    """Pictures in whose visual part men's and women's products lie apart."""
    apart = np.random.default_rng(8).normal(size=(1, D))
    return (0.5 * genders[OWNERS, None] * apart).astype(np.float32)


def named(names: np.ndarray, genders: np.ndarray) -> np.ndarray:
    """Where the fit says that a woman's name leads, pictures shown by genders."""
    head, features, titles = shop()
    fitted = with_adapter(head, features + shown_as(genders), OWNERS, titles[OWNERS], names[OWNERS])
    adapter = adapter_of(fitted)
    assert adapter is not None
    return adapter.named


def test_names_of_left_out_titles_lead_to_more_of_their_pictures() -> None:
    head, features, titles = shop()
    names = people(PRODUCTS)
    genders = load_names().genders(names.tolist())
    assert set(genders) == {1, -1}
    features = features + shown_as(genders)
    learnt = OWNERS < 80
    own = OWNERS[learnt]
    fit = head, features[learnt], own, titles[own]
    told, untold = (adapter_of(with_adapter(*fit, n)) for n in (names[own], None))
    assert told is not None
    assert untold is not None
    assert told.named.shape == (D,)
    assert told.named.dtype == np.float32
    assert not len(untold.named)
    with_names, without = (
        recall(head, features, adapter.asked(titles, genders)) for adapter in (told, untold)
    )
    assert with_names > without + 0.03


@pytest.mark.parametrize("each", [1, 4])
def test_enough_different_names_are_learned_from(each: int) -> None:
    names = people(FEWEST_NAMED, each)
    assert len(named(names, load_names().genders(names.tolist())))
    few = people(FEWEST_NAMED - 1, each)
    assert not len(named(few, load_names().genders(few.tolist())))


def test_a_brand_that_sounds_like_a_name_does_not_speak_for_all() -> None:
    alike = np.where(np.arange(PRODUCTS) < 60, 1, 0)  # sixty products that look the same way
    brand = np.where(alike, MEN[0], people(FEWEST_NAMED + 60)).astype(np.str_)
    assert len(np.unique(brand[brand != ""])) > FEWEST_NAMED
    assert not len(named(brand, alike))


def test_names_that_say_nothing_of_the_pictures_move_nothing() -> None:
    draw = np.random.default_rng(11)
    for count in (FEWEST_NAMED, 20, 40, PRODUCTS):
        names = people(count)
        learned = [len(named(draw.permutation(names), NOBODY)) > 0 for _ in range(12)]
        assert sum(learned) <= 1, count
