"""The token tagger: decoding, training on made text, saving, judging, and its command."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from encoders.extract.decode import decode
from encoders.extract.extractor import Extractor
from encoders.extract.features import COLUMNS, MEASURES, featurise
from encoders.extract.gazetteer import Gazetteer
from encoders.extract.network import Shape
from encoders.extract.plain import plain
from encoders.extract.similar_titles import SimilarTitles
from encoders.extract.spans import Span
from encoders.extract.tagger import Tagger, load_tagger
from encoders.extract.value_confidence import FEATURES, ValueConfidence, value_features
from ingest.stages.enrich import keep_gazetteer, open_extractor
from learn.tagger.examples import examples, frequent_names, listed_spans, similar_titles
from learn.tagger.made_text import made_products
from learn.tagger.report import report
from learn.tagger.training import Epoch, Recipe, span_f1, train
from learn.tagger.trial import judge, try_tagger
from learn.tagger.value_confidence import fit_confidence
from mappings.errors import InputError
from mappings.product import parse_product

SMALL = Recipe(epochs=3, rate=1e-3, shape=Shape(hidden=32, layers=1, heads=2, inner=32, narrow=8))


@pytest.fixture(scope="module")
def trained() -> Tagger:
    products = list(made_products(110, 1))
    return train(examples(products), Gazetteer.learn(products, categories=False), SMALL)


def logits(*rows: tuple[float, ...]) -> np.ndarray:
    return np.log(np.array(rows, dtype=np.float32))


def test_the_best_path_never_goes_inside_from_outside() -> None:
    names = ("", "colour")
    scores = logits(
        (0.1, 0.4, 0.5, 0.2, 0.8), (0.1, 0.1, 0.8, 0.2, 0.8), (0.9, 0.05, 0.05, 0.9, 0.1),
        (0.05, 0.05, 0.9, 0.5, 0.5),
    )  # fmt: skip
    assert decode(scores, names) == (Span(0, 2, "colour"),)
    assert decode(scores[:0], names) == ()


def test_leaning_finds_more() -> None:
    scores = logits((0.7, 0.3, 1e-6, 1.0), (0.99, 0.005, 0.005, 1.0))
    assert decode(scores, ("",)) == ()
    assert decode(scores, ("",), lean=1.5) == (Span(0, 1, ""),)


def test_neighbouring_values_are_two() -> None:
    scores = logits((0.1, 0.8, 0.1, 1.0), (0.1, 0.2, 0.7, 1.0), (0.1, 0.8, 0.1, 1.0))
    assert decode(scores, ("x",)) == (Span(0, 2, "x"), Span(2, 3, "x"))


def test_gold_is_what_the_product_lists_and_its_title_holds() -> None:
    product = parse_product(
        {
            "id": "1",
            "title": "恒源祥 V领毛衣 V领 ABC1200W",
            "brand": "恒源祥",
            "attributes": {"领型": ["v领"], "款式": ["领毛"], "功率": ["200W"], "型号": ["AB"]},
            "categories": ["毛衣"],
        }
    )
    assert listed_spans(product) == (
        Span(0, 3, "brand"), Span(4, 6, "领型"), Span(9, 11, "领型"),
    )  # fmt: skip


def test_no_example_sees_its_own_products_values() -> None:
    products = list(made_products(60, 2))
    found = examples(products, parts=4)
    for product, example in zip(products, found, strict=True):
        others = Gazetteer.learn([p for p in products if p is not product], categories=False)
        for value, entry in example.gazetteer.entries.items():
            assert entry.occurrences <= others.entries[value].occurrences
    assert frequent_names(found, 10_000) == ("",)


def test_features_are_a_row_for_each_letter() -> None:
    products = list(made_products(60, 2))
    known = Gazetteer.learn(products)
    alone = SimilarTitles.none()
    made = featurise(
        "ＲＥＤ 连衣裙 500ml", ("服饰",), {"r": 2}, known, ValueConfidence.none(), alone
    )
    assert made.ids.shape == (13, len(COLUMNS))
    assert made.measures.shape == (13, MEASURES)
    assert made.ids[0, 0] == 2
    assert featurise("", (), {}, known, ValueConfidence.none(), alone).ids.shape == (
        0,
        len(COLUMNS),
    )


def test_trees_say_what_scikit_learns_say() -> None:
    from sklearn.ensemble import GradientBoostingClassifier

    from learn.tagger import value_confidence

    products = list(made_products(120, 3))
    given = examples(products, parts=2)
    titles = similar_titles(given, Gazetteer.learn(products, categories=False), 3)
    mine, _ = fit_confidence(given, titles, 3)
    looked = [value_confidence._rows_of(e, titles.without(n)) for n, e in enumerate(given)]
    rows = np.concatenate([x for x, _ in looked])
    right = np.concatenate([y for _, y in looked])
    theirs = GradientBoostingClassifier(
        n_estimators=value_confidence.TREES, learning_rate=value_confidence.RATE,
        min_samples_leaf=30, max_leaf_nodes=value_confidence.LEAVES, max_depth=None,
        subsample=0.5, max_features=6, random_state=3,
    ).fit(rows, right)  # fmt: skip
    np.testing.assert_allclose(mine.of(rows), theirs.predict_proba(rows)[:, 1], atol=1e-5)
    again = ValueConfidence.from_arrays(mine.arrays())
    np.testing.assert_array_equal(again.of(rows), mine.of(rows))
    assert mine.of(rows[:0]).shape == (0,)
    np.testing.assert_array_equal(ValueConfidence.none().of(np.zeros((2, FEATURES))), [0.5, 0.5])


def test_what_is_known_is_looked_at_once() -> None:
    known = Gazetteer.learn(list(made_products(60, 2)))
    spans, seen = value_features(plain("nothing of this"), (), Gazetteer({}), SimilarTitles.none())
    assert (spans, seen.shape) == ([], (0, FEATURES))
    spans, seen = value_features(plain("waterproof"), (), known, SimilarTitles.none())
    assert len(spans) == len(seen)


def test_training_begins_with_the_belief_and_is_repeatable(trained: Tagger) -> None:
    products = list(made_products(110, 1))
    epochs: list[Epoch] = []
    again = train(
        examples(products), Gazetteer.learn(products, categories=False), SMALL,
        on_epoch=epochs.append,
    )  # fmt: skip
    assert [e.number for e in epochs] == [0, 1, 2, 3]
    titles = [p.title for p in made_products(20, 9)]
    assert again.find_many(titles) == trained.find_many(titles)
    assert again.card == trained.card


def test_a_saved_tagger_finds_the_same(trained: Tagger, tmp_path: Path) -> None:
    trained.save(tmp_path)
    again = load_tagger(tmp_path)
    titles = [p.title for p in made_products(30, 9)]
    assert again.card == trained.card
    seen = [value_features(plain(t), (), made.gazetteer, made.titles)[1]
            for made in (trained, again) for t in titles]  # fmt: skip
    np.testing.assert_array_equal(np.concatenate(seen[:30]), np.concatenate(seen[30:]))
    before, after = trained.find_many(titles), again.find_many(titles)
    assert span_f1(before, after) > 0.98  # weights are kept in half precision
    assert (tmp_path / "tagger.safetensors").stat().st_size < 3_000_000


@pytest.mark.parametrize(
    "broken", ["tagger.json", "tagger.safetensors", "gazetteer.json", "titles.json"]
)
def test_a_broken_folder_is_named(trained: Tagger, tmp_path: Path, broken: str) -> None:
    trained.save(tmp_path)
    (tmp_path / broken).write_text("{}")
    with pytest.raises(InputError, match="can be read"):
        load_tagger(tmp_path)


def test_a_folder_from_before_similar_titles_names_the_cure(
    trained: Tagger, tmp_path: Path
) -> None:
    trained.save(tmp_path)
    (tmp_path / "titles.json").unlink()
    with pytest.raises(InputError, match="train it again with `shelfsight tagger train`"):
        load_tagger(tmp_path)


def test_weights_of_another_card_are_refused(trained: Tagger, tmp_path: Path) -> None:
    trained.save(tmp_path)
    card = json.loads((tmp_path / "tagger.json").read_text())
    (tmp_path / "tagger.json").write_text(json.dumps(card | {"hidden": 64}))
    with pytest.raises(InputError, match="No tagger can be read"):
        load_tagger(tmp_path)


def test_empty_and_long_texts_are_read(trained: Tagger) -> None:
    long = "waterproof " * 200
    assert trained.find_many([]) == []
    nothing, much = trained.find_many(["", long])
    assert nothing == ()
    assert all(span.end <= 256 for span in much)


def test_a_trained_tagger_beats_the_gazetteer_on_brands_it_has_not_seen() -> None:
    made = list(made_products(300, 5))
    tagger, found = try_tagger(made, replace(SMALL, epochs=8), learned_from="made")
    assert found.f1 > found.gazetteer_f1
    assert found.scores[0].name == "all"
    assert sum(s.spans for s in found.scores[1:]) == found.scores[0].spans
    assert judge(tagger, list(made_products(50, 77))).f1 > 0


def test_an_ingest_reads_titles_with_the_tagger(trained: Tagger, tmp_path: Path) -> None:
    trained.save(tmp_path / "tagger")
    (tmp_path / "space").mkdir()
    keep_gazetteer(Gazetteer({}), tmp_path / "space")
    reads = open_extractor(tmp_path / "space", tmp_path / "tagger")
    product = next(iter(made_products(1, 1)))
    bare = product.model_copy(update={"attributes": {}})
    spans = trained.find_many([product.title], [product.categories])[0]
    assert spans
    by_words = Extractor(Gazetteer({})).enriched(bare).found
    assert len(reads.enriched(bare).found) >= len(by_words)


def test_too_little_to_train_on_is_said() -> None:
    few = list(made_products(5, 1))
    with pytest.raises(InputError, match="too few to train a tagger"):
        train(examples(few, parts=2), Gazetteer.learn(few), SMALL)
    with pytest.raises(InputError, match="at least 50"):
        try_tagger(few, SMALL, learned_from="few")


def test_the_report_is_seqevals() -> None:
    gold, found = [(Span(0, 2, "colour"), Span(3, 4, ""))], [(Span(0, 2, "size"), Span(3, 4, ""))]
    made = report(["abcd"], gold, found, [()])
    assert (made.f1, made.gazetteer_f1) == (1.0, 0.0)
    assert {s.name: s.f1 for s in made.scores} == {
        "all": 0.5, "colour": 0.0, "other": 1.0, "size": 0.0,
    }  # fmt: skip
    assert report(["abcd"], [()], [()], [()]).scores == ()
