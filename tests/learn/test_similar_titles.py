"""What similar titles did with a value: by hand, left out, kept, and used by the confidence."""

import json
from math import exp, log, sqrt
from pathlib import Path

import numpy as np
import pytest

from encoders.extract import similar_titles as module
from encoders.extract.gazetteer import Entry, Gazetteer
from encoders.extract.plain import plain
from encoders.extract.similar_titles import NEAR, NOWHERE, SimilarTitles
from encoders.extract.value_confidence import FEATURES, value_features
from learn.tagger.examples import Example, examples, similar_titles
from learn.tagger.made_text import made_products
from learn.tagger.value_confidence import fit_confidence
from mappings.errors import InputError
from mappings.product import parse_product

KNOWN = Gazetteer({value: Entry({"季节": 1}, 1, 1) for value in ("夏季", "冬季", "春季")})
TITLES = ("夏季连衣裙", "夏季连衣裙长裙", "夏季凉鞋女鞋", "冬季凉鞋女鞋")
MEANT = ({"夏季"}, {"夏季"}, set(), {"冬季"})


@pytest.fixture
def shelf() -> SimilarTitles:
    return SimilarTitles.learn(TITLES, MEANT, KNOWN)


def test_the_trust_is_the_kernel_mean_of_the_titles_that_hold_the_value(
    shelf: SimilarTitles,
) -> None:
    alike = shelf.similarities("夏季长裙")[:3].astype(float)
    counts = [exp((x - 1) / 0.1) for x in alike]
    by_hand = (counts[0] + counts[1] + 0.3e-3) / (sum(counts) + 1e-3)
    trust, most, nearest = shelf.near("夏季长裙")("夏季")
    assert trust == pytest.approx(by_hand, abs=1e-6)
    assert (most, nearest) == (pytest.approx(alike.max()), 1.0)


def test_the_cosine_is_that_of_rare_runs_by_hand() -> None:
    shelf = SimilarTitles.learn(("ab", "ab", "aa", "cd"), [()] * 4, KNOWN)
    a, b, ab = log(5 / 4) + 1, log(5 / 3) + 1, log(5 / 3) + 1  # in three, two and two of four
    own, other = sqrt(a**2 + b**2 + ab**2), a * (1 + log(2))
    assert shelf.similarities("ab") == pytest.approx([1, 1, a * other / own / other, 0], abs=1e-6)


def test_the_rows_are_scikit_learns() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    titles = [plain(p.title) for p in made_products(40, 3)]
    theirs = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=2)
    rows = theirs.fit_transform(titles)
    asked = [plain(p.title) for p in made_products(5, 88)]
    mine = SimilarTitles.learn(titles, [()] * 40, KNOWN)
    wanted = (theirs.transform(asked) @ rows.T).toarray()
    np.testing.assert_allclose([mine.similarities(t) for t in asked], wanted, atol=1e-5)


def test_two_kinds_of_products_mean_a_word_differently(shelf: SimilarTitles) -> None:
    assert shelf.near("夏季长裙")("夏季")[0] > 0.9
    assert shelf.near("夏季女鞋")("夏季")[0] < 0.1


def test_a_title_of_the_catalogue_does_not_count_for_itself(shelf: SimilarTitles) -> None:
    own = shelf.near(TITLES[2])("夏季")
    assert own[1:] == (pytest.approx(1.0), 0.0)
    others = shelf.without(2).near(TITLES[2])("夏季")
    assert others[1] < 0.9
    assert others[2] == 1.0
    assert shelf.without(3).near(TITLES[3])("冬季") == NOWHERE


def test_a_value_that_no_similar_title_holds_is_told_apart(shelf: SimilarTitles) -> None:
    assert shelf.near("春季连衣裙")("春季") == NOWHERE == (-1.0, 0.0, -1.0)
    assert SimilarTitles.none().near("夏季连衣裙")("夏季") == NOWHERE
    assert shelf.near("")("夏季")[1] == 0.0
    assert shelf.near("summer")("夏季")[0] == pytest.approx(0.3, abs=0.1)


def test_what_is_kept_is_read_again(shelf: SimilarTitles, tmp_path: Path) -> None:
    shelf.save(tmp_path / "titles.json")
    again = SimilarTitles.load(tmp_path / "titles.json")
    assert again.titles == shelf.titles
    for value in ("夏季", "冬季", "春季"):
        assert again.near("夏季 冬季长裙")(value) == shelf.near("夏季 冬季长裙")(value)
    assert again.without(3).near(TITLES[3])("冬季") == NOWHERE


@pytest.mark.parametrize(
    "written", ["", "[]", '{"titles": ["a"], "values": []}', '{"titles": ["a"], "values": [3]}']
)
def test_a_broken_file_is_named(tmp_path: Path, written: str) -> None:
    (tmp_path / "titles.json").write_text(written)
    with pytest.raises(InputError, match="No similar titles can be read"):
        SimilarTitles.load(tmp_path / "titles.json")


def test_of_a_large_catalogue_a_drawn_part_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    shelf = SimilarTitles.learn(TITLES, MEANT, KNOWN, seed=1)
    assert len(shelf.titles) == 2
    assert shelf.titles == tuple(TITLES[n] for n in shelf.numbers)
    assert shelf.titles == SimilarTitles.learn(TITLES, MEANT, KNOWN, seed=1).titles
    left_out = [shelf.without(n).left_out for n in range(4)]
    assert sorted(left_out) == [-1, -1, 0, 1]
    assert [left_out[n] for n in shelf.numbers] == [0, 1]
    shelf.save(tmp_path / "titles.json")
    assert len(json.loads((tmp_path / "titles.json").read_text())["titles"]) == 2


def test_what_is_seen_of_a_value_ends_with_its_similar_titles(shelf: SimilarTitles) -> None:
    spans, seen = value_features("夏季长裙", (), KNOWN, shelf)
    assert (len(spans), seen.shape) == (1, (1, FEATURES))
    assert tuple(seen[0, -NEAR:]) == shelf.near("夏季长裙")("夏季")


def test_a_title_means_what_its_example_means_not_what_a_longer_value_covers() -> None:
    listed = {"季节": ["夏季"], "款式": ["夏季新款"]}
    product = parse_product({"id": "1", "title": "夏季新款长裙", "attributes": listed})
    known = Gazetteer.learn([product])
    made = similar_titles(examples([product] * 3, parts=3), known, 7)
    assert dict(made.values[0]) == {"夏季": False, "夏季新款": True}


def test_the_belief_learns_what_only_similar_titles_tell() -> None:
    """Dresses list 夏季 and shoes do not; only the title's other words tell which it is."""
    rng = np.random.default_rng(3)
    things = ("连衣裙雪纺", "碎花长裙子"), ("凉鞋坡跟女", "厚底拖鞋子")
    given, is_dress = [], rng.random(300) < 0.5
    for dress in is_dress:
        text = f"夏季{rng.choice(things[0 if dress else 1])}"
        spans = examples(
            [parse_product({"id": "1", "title": text, "attributes": {"季节": ["夏季"]}})], parts=1
        )[0].spans
        given.append(Example(text, spans if dress else (), (), KNOWN))
    titles = similar_titles(given, KNOWN, 7)
    confidence, _ = fit_confidence(given, titles, 7)
    sure = {
        t: confidence.of(value_features(t, (), KNOWN, titles)[1])[0]
        for t in ("夏季长裙雪纺", "夏季厚底凉鞋")
    }
    assert sure["夏季长裙雪纺"] > 0.9
    assert sure["夏季厚底凉鞋"] < 0.1
    unknown, _ = fit_confidence(given, SimilarTitles.none(), 7)
    told = [unknown.of(value_features(t, (), KNOWN, SimilarTitles.none())[1])[0] for t in sure]
    assert abs(told[0] - told[1]) < 0.2
