"""The alignment's parts on small made-up data: what each promises, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from encoders.concepts.lexicon import concept_of, imagenet_chinese, key, load_lexicon, query_phrases
from encoders.head_aligned import AlignedHead
from encoders.protocol import Vectors
from encoders.protocol import unit_rows as unit
from learn.align.contrastive import Recipe, fit_contrastive_head
from learn.align.fit import fit_ridge_head
from learn.align.folds import class_folds, product_folds
from learn.align.generic import GenericTexts
from learn.align.measures import auc, interval, neighbour_precision, own_pictures, precision_at
from learn.align.pairs import Pairs, TrainingText, distinct_texts, weigh
from learn.align.recipe import Known, fit_head
from learn.align.visual import discriminants, quiet_directions, with_visual_part
from mappings.errors import InputError


def toy(seed: int = 0, n: int = 120) -> tuple[Pairs, NDArray[np.int64], Vectors]:
    draw = np.random.default_rng(seed)
    kinds = np.arange(n) % 4
    looks, words = draw.normal(size=(4, 20)), draw.normal(size=(4, 16))
    features = (looks[kinds] + 0.3 * draw.normal(size=(n, 20))).astype(np.float32)
    offset = 3 * np.ones(16)
    texts = unit(np.repeat(words, 2, axis=0) + 0.1 * draw.normal(size=(8, 16)) + offset)
    said = [
        [TrainingText(f"{k}a", "category"), TrainingText(f"{k}b", "synonym", 0.5)] for k in kinds
    ]
    names = tuple(f"{k}{c}" for k in range(4) for c in "ab")
    assert set(distinct_texts(said)) == set(names)
    pairs = Pairs(features, texts, weigh(said, names), np.arange(n) // 4)
    return pairs, kinds, texts


def test_both_forms_put_pictures_near_their_words() -> None:
    pairs, kinds, texts = toy()
    mean = texts.mean(axis=0)
    small = Recipe(width=16, epochs=8, batch=32)
    for head in (fit_ridge_head(pairs, mean), fit_contrastive_head(pairs, mean, small)):
        found = head.apply(pairs.features)
        assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
        assert precision_at(texts[::2], np.arange(4), found, kinds).mean() == 1.0
        # The words' common direction is gone: every query ranks as a centred one does.
        assert np.abs(found @ head.text_mean).max() < 1e-4


def test_training_is_the_same_for_the_same_seed_and_leaves_the_global_one_alone() -> None:
    import torch

    pairs, _, texts = toy()
    small = Recipe(width=8, epochs=2, batch=32, seed=3)
    torch.manual_seed(1)
    expected = torch.rand(2)
    torch.manual_seed(1)
    first = fit_contrastive_head(pairs, texts.mean(axis=0), small)
    assert torch.equal(torch.rand(2), expected)
    again = fit_contrastive_head(pairs, texts.mean(axis=0), small)
    other = fit_contrastive_head(pairs, texts.mean(axis=0), Recipe(8, 2, 32, seed=4))
    assert first.digest == again.digest != other.digest


def test_the_visual_part_brings_a_products_pictures_together_and_leaves_texts_alone() -> None:
    draw = np.random.default_rng(1)
    generic = unit(draw.normal(size=(500, 16)) * np.r_[np.ones(8), np.full(8, 0.05)])
    products = np.repeat(np.arange(30), 4)
    noisy = draw.normal(size=(30, 20))[products] + 0.3 * draw.normal(size=(120, 20))
    features = noisy.astype(np.float32)
    # Three kinds, each with a text of its own: were it the same for all pictures, the text part
    # would be nothing but rounding, and as long as any.
    weights = np.eye(3, len(generic), dtype=np.float32)[products % 3]
    known = GenericTexts.of(generic)
    head = fit_ridge_head(Pairs(features, generic, weights, products), known.mean)
    quiet = quiet_directions(known.moment, generic, 5)
    assert np.allclose(quiet @ quiet.T, np.eye(5), atol=1e-5)
    seen = with_visual_part(head, features, products, quiet, 1.0)
    before = neighbour_precision(head.apply(features), products, 3).mean()
    after = neighbour_precision(seen.apply(features), products, 3).mean()
    assert after > max(before, 0.8)
    assert np.abs(generic @ quiet.T).max() < 0.25


def test_the_visual_part_turns_towards_its_titles_and_pictures_keep_their_distances() -> None:
    draw = np.random.default_rng(2)
    products = np.repeat(np.arange(40), 3)
    titles = unit(draw.normal(size=(40, 16)) * np.r_[np.ones(10), np.full(6, 0.2)])
    seen = titles[:, 10:] @ draw.normal(size=(6, 20)) * 5
    features = (seen[products] + 0.05 * draw.normal(size=(120, 20))).astype(np.float32)
    head = fit_ridge_head(
        Pairs(features, titles, np.eye(40, dtype="f4")[products], products), titles[0]
    )
    quiet = np.eye(16, dtype=np.float32)[10:]
    told = np.where(products[:, None] < 30, titles[products], np.float32(0))  # some have no title
    plain = with_visual_part(head, features, products, quiet, 1.0)
    turned = with_visual_part(head, features, products, quiet, 1.0, told)
    assert with_visual_part(head, features, products, quiet, 1.0, 0 * told).digest == plain.digest
    was, now = plain.parts(features)[1], turned.parts(features)[1]
    np.testing.assert_allclose(now @ now.T, was @ was.T, atol=1e-4)
    untold = products >= 30
    own, found = titles[products][untold], (now[untold], was[untold])
    now_near, was_near = ((own * rows).sum(axis=1).mean() for rows in found)
    assert now_near > was_near + 0.1
    # Also where there are fewer products than quiet directions.
    few = products < 4
    small = with_visual_part(head, features[few], products[few], quiet, 1.0, told[few])
    assert np.isfinite(small.apply(features)).all()


def test_the_visual_part_is_longer_where_it_brings_products_together_than_categories() -> None:
    pairs, kinds, texts = toy()
    known = Known(GenericTexts.of(texts))
    gains = [
        fit_head(pairs, "ridge", known, asked=texts, groups=groups).words()["gain"]
        for groups in (pairs.products, kinds)
    ]
    assert gains == [1.0, 0.5]


def test_pictures_of_a_catalogues_kinds_are_drawn_together() -> None:
    pairs, kinds, texts = toy()
    known = Known(GenericTexts.of(texts))
    drawn = fit_head(pairs, "ridge", known, asked=texts, groups=kinds)
    products = fit_head(pairs, "ridge", known, asked=texts, groups=pairs.products)
    assert isinstance(drawn, AlignedHead)
    assert isinstance(products, AlignedHead)
    assert drawn.text_centres.shape == (4, 16)
    assert not len(products.text_centres)
    plain = replace(
        drawn, text_centres=drawn.text_centres[:0], visual_centres=drawn.visual_centres[:0]
    )
    same = np.equal.outer(kinds, kinds)
    near, far = (head.apply(pairs.features) for head in (drawn, plain))
    apart = [(v @ v.T)[same].mean() - (v @ v.T)[~same].mean() for v in (near, far)]
    assert apart[0] > apart[1]


def test_few_pictures_or_no_category_make_no_centre() -> None:
    pairs, kinds, texts = toy()
    known = Known(GenericTexts.of(texts))
    kinds = np.where(kinds == 3, -1, kinds)  # no category
    kinds[np.flatnonzero(kinds == 2)[4:]] = -1  # four pictures
    drawn = fit_head(pairs, "ridge", known, asked=texts, groups=kinds)
    assert isinstance(drawn, AlignedHead)
    assert len(drawn.text_centres) == 2
    one = fit_head(pairs, "ridge", known, asked=texts, groups=np.minimum(kinds, 0))
    assert isinstance(one, AlignedHead)
    assert not len(one.text_centres)


def test_pictures_that_are_all_the_same_have_no_visual_part() -> None:
    pairs, _, texts = toy()
    same = replace(pairs, features=np.ones_like(pairs.features))
    head = fit_ridge_head(same, texts.mean(axis=0))
    seen = with_visual_part(
        head, same.features, same.products, np.eye(4, 16, dtype=np.float32), 1.0
    )
    assert seen.gain == 0.0
    assert np.isfinite(seen.apply(same.features)).all()


@pytest.mark.parametrize("shape", [(60, 20), (20, 60)])
def test_discriminants_turn_with_the_features(shape: tuple[int, int]) -> None:
    rows = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    rows *= np.linspace(3, 1, shape[1], dtype=np.float32)
    products = np.arange(shape[0]) // 4
    found = discriminants(rows, products, 3)
    _, _, right = np.linalg.svd(rows.astype(np.float64), full_matrices=False)
    turned = discriminants((rows @ right.T).astype(np.float32), products, 3)
    assert found.shape == (shape[1], 3)
    np.testing.assert_allclose(np.abs(rows @ found), np.abs(rows @ right.T @ turned), atol=1e-3)


def test_texts_without_a_picture_or_pictures_without_a_text_are_refused() -> None:
    with pytest.raises(InputError, match="no text"):
        weigh([[]], ["a"])
    row = np.ones((1, 4), dtype=np.float32)
    with pytest.raises(InputError, match="at least 2"):
        Pairs(row, row, np.ones((1, 1), dtype=np.float32), np.zeros(1, dtype=np.int64))


def test_the_lexicon_names_imagenet_classes_and_leaves_out_what_it_is_told_to() -> None:
    from torchvision.models._meta import _IMAGENET_CATEGORIES as NAMES

    concepts = load_lexicon()
    assert len(imagenet_chinese()) == len(NAMES) == 1000
    assert all(imagenet_chinese())
    assert {name for c in concepts for name, _ in c.imagenet_classes} <= set(NAMES)
    assert all(c.english and c.chinese for c in concepts)
    without = load_lexicon(["T Shirts", "衬衫"])
    assert not {"tshirt", "衬衫"} & {key(t) for c in without for t in c.terms}
    assert "red shirt" not in query_phrases(concepts[0])
    found = concept_of("Skirts", concepts)
    assert found is not None
    assert found.name == "skirt"
    assert concept_of("quantum flux", concepts) is None


def test_folds_are_even_and_products_that_share_a_picture_stay_together() -> None:
    classes = np.repeat(np.arange(3), 10)
    folds = class_folds(classes, 5)
    assert all((np.bincount(folds[classes == c]) == 2).all() for c in range(3))
    dealt = product_folds([["a", "b"], ["c"], ["b", "d"], ["d"], ["e"]], 3)
    assert dealt[0] == dealt[2] == dealt[3]
    assert set(dealt) == {0, 1, 2}


def test_measures_by_hand() -> None:
    eye = np.eye(3, dtype=np.float32)
    assert precision_at(eye, np.arange(3), eye, np.arange(3), 1).tolist() == [1, 1, 1]
    hit, recall = own_pictures(eye[:1], eye, [[0, 2]], 1)
    assert (hit.tolist(), recall.tolist()) == ([1.0], [1.0])
    assert auc(np.array([2.0, 1.0]), np.array([1.0, 0.0])) == 0.875
    assert interval([1.0, 1.0]) == (1.0, 1.0, 1.0)
