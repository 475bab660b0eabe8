"""What is said of a product, and how a catalogue becomes pairs, questions and folds."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from encoders.adapter import QueryAdapter
from encoders.concepts.lexicon import load_lexicon
from encoders.head import Head
from encoders.registry import load_text_encoder
from learn.align.contrastive import Recipe, _Training
from learn.align.fit import fit_ridge_head
from learn.align.held_out import DECIDING, Questions, measure_held_out, part, score
from learn.align.pairs import Pairs
from learn.align.recipe import Known, fit_head, share_of
from learn.align.training_texts import training_texts
from mappings.product import Product
from shelfsight.alignment import Vectors, make_material

LEXICON = load_lexicon()


def product(**more: object) -> Product:
    return Product.model_validate({"id": "1"} | more)


def test_every_kind_is_said_in_the_record_s_languages() -> None:
    one = product(
        title="红色 dress", categories=["Women/Dresses"], attributes={"颜色": ["红色", "red"]}
    )
    said = {kind: [s.text for s in training_texts(one) if s.kind == kind] for kind in
            ("title", "product", "category", "attribute", "synonym")}  # fmt: skip
    assert said["title"] == ["红色 dress"]
    assert said["category"] == ["Women Dresses"]
    assert said["attribute"] == ["颜色: 红色", "颜色: red"]
    assert said["synonym"] == []
    known = [s.text for s in training_texts(one, LEXICON) if s.kind == "synonym"]
    assert "连衣裙" in known
    assert "gown" in known


def test_synonyms_stand_in_where_there_is_no_title() -> None:
    def weight(one: Product, kind: str) -> float:
        return sum(s.weight for s in training_texts(one, LEXICON) if s.kind == kind)

    titled = product(title="A thing", categories=["hat"])
    bare = product(categories=["hat", "帽子"])
    assert weight(bare, "synonym") == pytest.approx(2.5 * weight(titled, "synonym"))
    assert weight(bare, "category") == pytest.approx(weight(titled, "category"))
    assert training_texts(product(), LEXICON) == ()


def encode(items: Mapping[str, str], is_query: bool) -> dict[str, Vectors]:
    text = load_text_encoder("hash:32")
    rows = (text.encode_query if is_query else text.encode_products)(list(items.values()))
    return dict(zip(items, rows, strict=True))


def test_a_catalogue_becomes_pairs_and_questions() -> None:
    products = [
        product(title="red hat", categories=["Hats"], attributes={"colour": "red"}),
        product(title="", categories=["Men/Hats"]),
        product(),
        product(title="blue shoe"),
    ]
    features = np.random.default_rng(0).normal(size=(5, 8)).astype(np.float32)
    found = make_material(products, [0, 0, 1, 2, 3], features, encode)
    assert found is not None
    assert found.pairs.products.tolist() == [0, 0, 1, 3]  # nothing is said of the third product
    np.testing.assert_allclose(found.pairs.weights.sum(axis=1), 1, atol=1e-6)
    assert found.questions.titled.tolist() == [True, False, False, True]
    assert found.questions.category_index.tolist() == [0, 0, -1, -1]
    assert make_material(products, [2], features[:1], encode) is None


def families(products: int = 40) -> tuple[Pairs, Questions]:
    """Products of four kinds, two pictures each, whose features are their title, turned."""
    draw = np.random.default_rng(1)
    titles = draw.normal(size=(products, 16)) + 2 * np.repeat(draw.normal(size=(4, 16)), 10, axis=0)
    titles = (titles / np.linalg.norm(titles, axis=1, keepdims=True)).astype(np.float32)
    owners = np.repeat(np.arange(products), 2)
    turn = draw.normal(size=(16, 24))
    features = (titles[owners] @ turn + 0.2 * draw.normal(size=(len(owners), 24))).astype("f4")
    pairs = Pairs(features, titles, np.eye(products, dtype="f4")[owners], owners)
    kinds = np.repeat(np.arange(4), products // 4)
    names = np.stack([titles[kinds == k].mean(axis=0) for k in range(4)])
    return pairs, Questions(titles, np.ones(products, dtype=bool), names, kinds)


def test_measures_are_of_products_that_the_fit_has_not_seen() -> None:
    pairs, questions = families()
    seen: list[set[int]] = []
    folds = np.arange(40) % 4

    def fit(some: Pairs, rows: np.ndarray) -> object:
        seen.append(set(some.products.tolist()))
        assert np.array_equal(pairs.products[rows], some.products)
        return fit_ridge_head(some, some.vectors.mean(axis=0))

    values = measure_held_out(pairs, folds, questions, fit)  # type: ignore[arg-type] # a Head
    assert [len(s) for s in seen] == [30] * 4
    assert all(not s & {p for p in range(40) if folds[p] == n} for n, s in enumerate(seen))
    assert {len(v) for k, v in values.items() if "title" in k} == {40}
    assert 0.5 < score(values) <= 1
    assert part(pairs, np.array([0, 1])).weights.shape == (2, 1)


def test_titles_left_out_are_asked_with_what_the_adapter_adds() -> None:
    pairs, questions = families()
    one_direction = np.outer(np.ones(16), np.full(16, 50)).astype("f4")
    adapter = QueryAdapter(one_direction, np.zeros(16, dtype="f4"))

    def fit(some: Pairs, rows: np.ndarray) -> Head:
        return replace(fit_ridge_head(some, some.vectors.mean(axis=0)), adapter=adapter)

    def plain(some: Pairs, rows: np.ndarray) -> Head:
        return fit_ridge_head(some, some.vectors.mean(axis=0))

    folds = np.arange(40) % 4
    lost, found = (measure_held_out(pairs, folds, questions, f) for f in (fit, plain))
    assert set(lost) == set(found)
    for name in found:  # one direction for all questions finds nobody's pictures
        if name in DECIDING:
            assert lost[name].mean() < found[name].mean() - 0.1, name
        else:  # between pictures
            np.testing.assert_array_equal(lost[name], found[name])


def test_every_second_epoch_puts_look_alikes_side_by_side() -> None:
    pairs, questions = families()
    base = fit_ridge_head(pairs, pairs.vectors.mean(axis=0))
    training = _Training(pairs, base, Recipe(width=4, family=8))
    rows = np.arange(len(pairs.features))

    def alike(order: np.ndarray) -> float:
        kinds = questions.category_index[pairs.products[order]]
        return float((kinds[1:] == kinds[:-1]).mean())

    mixed, near = training._order(rows, near=False), training._order(rows, near=True)
    assert sorted(mixed.tolist()) == sorted(near.tolist()) == rows.tolist()
    assert alike(near) > alike(mixed) + 0.2


def test_the_fewer_pictures_the_more_the_head_that_ships_counts() -> None:
    assert share_of(10) > share_of(500) > share_of(100_000)
    pairs, questions = families()
    head = fit_head(pairs, "ridge", Known(), asked=questions.titles, groups=pairs.products)
    assert head.kind == "aligned"  # nothing ships for these encoders
