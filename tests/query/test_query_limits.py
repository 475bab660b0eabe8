import math
from pathlib import Path
from typing import Any

import pytest

from mappings.errors import InputError
from mappings.schema import BRAND, PRICE
from query.model.filters import AnyOf, Between, parse_filter
from query.model.intent import script_of, understand
from query.model.profiles import BUILT_IN, DEFAULT, Profile, find_profile, load_profiles, weigh
from query.model.request import SearchRequest
from query.model.signals import WORDS, Lexical
from query.plan.lexical import lexical_query, tokens

ONE = AnyOf(BRAND, ("a",))


@pytest.mark.parametrize(
    ("at_limit", "past"),
    [
        ({"text": "红" * 200}, {"text": "红" * 201}),
        ({"text": "ﬀ" * 100}, {"text": "ﬀ" * 101}),  # NFKC makes two letters of it
        ({"text": "a", "size": 100}, {"text": "a", "size": 101}),
        ({"text": "a", "size": 100, "offset": 900}, {"text": "a", "size": 100, "offset": 901}),
        ({"text": "a", "filters": (ONE,) * 32}, {"text": "a", "filters": (ONE,) * 33}),
        ({"pictures": (b"x",) * 4}, {"pictures": (b"x",) * 5}),
        ({"text": "a", "size": 0}, {"text": "a", "size": -1}),
        ({"text": "a", "offset": 0}, {"text": "a", "offset": -1}),
        ({"text": "a"}, {"text": " \u3000 "}),
        ({"text": "a", "image_mode": "best"}, {"text": "a", "image_mode": "worst"}),
        ({"text": "a", "similarity": {"text": "dot"}}, {"text": "a", "similarity": {"text": "x"}}),
        (
            {"text": "a", "similarity": {"image": "dot"}},
            {"text": "a", "similarity": {"lexical": "dot"}},
        ),
        ({"text": "a", "weights": {"text": 0.0}}, {"text": "a", "weights": {"text": -0.1}}),
        ({"text": "a", "weights": {"text": 1}}, {"text": "a", "weights": {"text": math.nan}}),
        ({"text": "a", "weights": {"image": 1}}, {"text": "a", "weights": {"taste": 1}}),
    ],
)
def test_a_request_is_taken_at_its_limit_and_refused_one_past_it(at_limit: Any, past: Any) -> None:
    SearchRequest(**at_limit)
    with pytest.raises(InputError) as refusal:
        SearchRequest(**past)
    assert refusal.value.problem
    assert refusal.value.cure


def test_a_filter_takes_256_values_and_no_more() -> None:
    assert len(AnyOf(BRAND, tuple(map(str, range(256)))).values) == 256
    with pytest.raises(InputError, match="257 values"):
        AnyOf(BRAND, tuple(map(str, range(257))))


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("brand=Acme", {"terms": {"brand": ["Acme"]}}),
        ("brand = Acme, Bell ", {"terms": {"brand": ["Acme", "Bell"]}}),
        ("categories=Clothing/Shoes", {"terms": {"categories": ["Clothing/Shoes"]}}),
        ("颜色=红色", {"terms": {"tags": ["颜色=红色"]}}),
        ("颜色＝红色，蓝色", {"terms": {"tags": ["颜色=红色", "颜色=蓝色"]}}),
        ("price<500", {"range": {"price": {"lt": 500.0}}}),
        ("price>=2.5", {"range": {"price": {"gte": 2.5}}}),
        ("price=100..500", {"range": {"price": {"gte": 100.0, "lte": 500.0}}}),
        ("price=100..", {"range": {"price": {"gte": 100.0}}}),
        ("stock>0", {"range": {"stock": {"gt": 0.0}}}),
        ("price=9", {"range": {"price": {"gte": 9.0, "lte": 9.0}}}),
        ("tags=a=b", {"terms": {"tags": ["a=b"]}}),
    ],
)
def test_filters_are_read_as_people_write_them(text: str, clause: Any) -> None:
    assert parse_filter(text).clause() == clause


@pytest.mark.parametrize(
    "text",
    [
        "", "brand", "brand=", "=x", "title=x", "text_vector=1", "deleted=true", "price=cheap",
        "price<nan", "price=5..1", "brand<5", "颜色<5", "price=..", "price<inf", "brand=,",
        "pictures=x", "content_hash=1", "x" * 500,
    ],
)  # fmt: skip
def test_a_filter_that_cannot_be_read_names_what_is_allowed(text: str) -> None:
    with pytest.raises(InputError) as refusal:
        parse_filter(text)
    assert "price" in refusal.value.cure


def test_ranges_refuse_ends_that_are_no_numbers() -> None:
    with pytest.raises(InputError):
        Between(PRICE, low=math.nan)
    with pytest.raises(InputError):
        Between(PRICE)


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("红色连衣裙", "zh"),
        ("red dress", "en"),
        ("Nike 运动鞋", "mixed"),
        ("кроссовки 42", "en"),
        ("ワンピース", "zh"),
        ("!!! 🙂", "none"),
        ("42", "en"),
    ],
)
def test_the_script_decides_which_words_are_matched(text: str, script: str) -> None:
    assert script_of(text) == script


def test_full_width_text_is_the_same_query() -> None:
    assert understand(SearchRequest("ＲＥＤ　ｄｒｅｓｓ\n")).text == "RED dress"


@pytest.mark.parametrize(
    ("text", "least"), [("红" * 200, 2), ("红a" * 100, 2), ("a " * 100, 4), ("红色" * 20, 5)]
)
def test_the_clauses_of_the_longest_query_stay_below_the_servers_limit(
    text: str, least: int
) -> None:
    plain = understand(SearchRequest(text))
    query = lexical_query(Lexical(WORDS), plain.text, plain.script)
    assert query is not None
    legs = query["bool"]["should"] if "bool" in query else [query]
    fields = max(
        len(leg["dis_max"]["queries"] if "dis_max" in leg else leg["multi_match"]["fields"])
        for leg in legs
    )
    # They stand twice in one query.
    assert 2 * tokens(plain.text) * fields + 64 <= 1024
    assert fields >= least


def test_no_word_means_no_lexical_leg() -> None:
    assert lexical_query(Lexical(WORDS), "!!!", "none") is None


def test_weights_are_renormalised_over_the_signals_of_the_request() -> None:
    text = weigh(DEFAULT, {}, ("lexical", "text", "image", "attribute", "coherence"))
    picture = weigh(DEFAULT, {}, ("picture_image", "picture_attribute", "coherence"))
    assert sum(text.values()) == pytest.approx(1.0, abs=1e-12)
    assert picture == pytest.approx(
        {"picture_image": 0.75, "picture_attribute": 0.1875, "coherence": 0.0625}
    )
    assert weigh(DEFAULT, {"text": 0.0, "lexical": 0.0}, ("lexical", "text", "image")) == {
        "image": 1.0
    }


def test_a_profile_that_weighs_nothing_of_the_request_is_an_error_with_the_names() -> None:
    with pytest.raises(InputError, match=r"lexical, coherence|lexical"):
        weigh(BUILT_IN["two-term"], {}, ("lexical",))


@pytest.mark.parametrize(
    ("former", "name"), [("source", "two-term"), ("source-full", "three-term")]
)
def test_a_former_name_of_a_profile_is_refused_with_the_one_that_it_has(
    former: str, name: str
) -> None:
    with pytest.raises(InputError, match=f"now called '{name}'"):
        find_profile(former, BUILT_IN)


def test_profiles_are_read_from_toml_and_json(tmp_path: Path) -> None:
    toml = tmp_path / "p.toml"
    toml.write_text(
        "[profiles.mine]\nlexical = 1\ntext = 3\n[profiles.plain]\nimage=1\ncalibrated = false\n"
    )
    found = load_profiles(toml)
    assert found["mine"].weights == {"lexical": 1, "text": 3}
    assert not found["plain"].calibrated
    assert "default" in found
    file = tmp_path / "p.json"
    file.write_text('{"profiles": {"mine": {"lexical": 2}}}')
    assert load_profiles(file)["mine"].weights == {"lexical": 2}
    assert load_profiles(None) == BUILT_IN


@pytest.mark.parametrize(
    "content",
    ["[profiles.x]\ntaste = 1\n", "[profiles.x]\ntext = -1\n", "[profiles.x]\n", "profiles = 3\n",
     "][", "[profiles]\nx = 1\n", "[profiles.x]\ntext = 'much'\n"],
)  # fmt: skip
def test_a_bad_profile_file_is_an_error_with_the_cure(tmp_path: Path, content: str) -> None:
    path = tmp_path / "p.toml"
    path.write_text(content)
    with pytest.raises(InputError) as refusal:
        load_profiles(path)
    assert refusal.value.cure


def test_a_missing_profile_file_and_an_unknown_profile_are_errors(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_profiles(tmp_path / "none.toml")
    with pytest.raises(InputError, match="'fancy'") as refusal:
        find_profile("fancy", BUILT_IN)
    assert "default" in refusal.value.cure
    mine = Profile("mine", {"text": 1.0})
    assert find_profile(mine, BUILT_IN) is mine
