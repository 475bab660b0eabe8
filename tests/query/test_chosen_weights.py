"""Weights chosen for one query: profiles from files, their rules, and why in the answer."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from query_shop import DIM, IDENTITY, WORDS, Shop
from unhurried import PATIENT, UNHURRIED

from mappings.body import render
from mappings.calibration import Calibration
from mappings.errors import InputError
from mappings.index import create
from mappings.product import parse_product
from mappings.schema import Schema
from mappings.vectors import ProductVectors
from query.engine import SearchEngine
from query.model.input_limits import MAX_WEIGHT
from query.model.profiles import ADAPTIVE, BUILT_IN, DEFAULT, Profile, load_profiles
from query.model.request import SearchRequest
from query.model.signals import PseudoRelevanceFeedback
from query.model.understood import Constraint, Token, Understood
from query.model.weight_rules import Rule, When
from query.plan.feedback import ValueShares, derive_feedback, explain_feedback, feedback_value
from query.plan.scales import DEFAULT_SCALES
from query.plan.weights import choose_weights

PRESENT = ("lexical", "text", "image", "attribute", "coherence")
PLAIN = Understood("red dress", "red dress", "en")


def read(text: str = "red dress", **found: Any) -> Understood:
    return Understood(text, text, found.pop("language", "en"), **found)


def test_words_that_can_be_seen_raise_the_pictures_and_a_model_number_the_words() -> None:
    plain = choose_weights(DEFAULT, {}, PRESENT, PLAIN).weights
    seen = choose_weights(DEFAULT, {}, PRESENT, read(visual_words=("red",)))
    assert seen.weights["image"] > plain["image"]
    assert seen.weights["lexical"] < plain["lexical"]
    assert sum(seen.weights.values()) == pytest.approx(1.0)
    assert "The query changes image x 1.5: it says what can be seen (red)." in seen.reasons
    model = choose_weights(DEFAULT, {}, PRESENT, read("WH-1000XM5", model_number="WH-1000XM5"))
    assert model.weights["lexical"] > plain["lexical"]
    assert any("it names a model (WH-1000XM5)" in why for why in model.reasons)
    assert (
        choose_weights(DEFAULT, {}, PRESENT, PLAIN).reasons[0]
        == "The profile 'default' gives the weights."
    )


def test_what_the_request_sets_no_rule_changes() -> None:
    chosen = choose_weights(DEFAULT, {"image": 0.2}, PRESENT, read(visual_words=("red",)))
    assert chosen.weights == choose_weights(DEFAULT, {"image": 0.2}, PRESENT, PLAIN).weights
    assert "The request sets image." in chosen.reasons
    assert not any("changes" in why for why in chosen.reasons)


def test_factors_of_any_size_leave_shares_that_add_up() -> None:
    rules = tuple(Rule(When(visual_words=True), {"image": 1e300}) for _ in range(3))
    for weight in (1.0, MAX_WEIGHT):
        profile = Profile("steep", {"image": weight, "text": weight}, rules=rules)
        chosen = choose_weights(profile, {}, ("image", "text"), read(visual_words=("red",)))
        assert sum(chosen.weights.values()) == pytest.approx(1.0)
        assert chosen.weights["image"] >= chosen.weights["text"] > 0


@pytest.mark.parametrize(
    ("when", "met", "not_met"),
    [
        (When(brand=True), read(constraints=(Constraint("brand", "耐克"),)), PLAIN),
        (When(category="SHOES"), read(thing="shoes"), read(thing="bags")),
        (
            When(category="bags"),
            read(constraints=(Constraint("category", "bag", values=("Bags",)),)),
            PLAIN,
        ),
        (When(language="zh"), read(language="zh"), PLAIN),
        (
            When(words_at_most=1),
            read(tokens=(Token("shoes", 0, "noun", "head"), Token("for", 6, "x", "function"))),
            read(tokens=(Token("red", 0, "a", "property"), Token("shoes", 4, "noun", "head"))),
        ),
        (
            When(visual_words=True, language="zh"),
            read(language="zh", visual_words=("红色",)),
            read(visual_words=("red",)),
        ),
    ],
)
def test_a_rule_holds_for_what_it_names(when: When, met: Understood, not_met: Understood) -> None:
    profile = Profile("p", DEFAULT.weights, rules=(Rule(when, {"text": 3.0}),))
    assert choose_weights(profile, {}, PRESENT, met).weights["text"] > DEFAULT.weights["text"]
    assert when.met(met)
    assert not when.met(not_met)
    assert choose_weights(profile, {}, PRESENT, not_met).weights["text"] == pytest.approx(0.27)


def test_a_folder_holds_a_small_file_for_each_profile(tmp_path: Path) -> None:
    (tmp_path / "shoes.toml").write_text(
        'lexical = 0.4\ntext = 0.3\nimage = 0.3\n\n[[rules]]\nwhen = { category = "shoes" }\n'
        "image = 2.0\n\n[[rules]]\nwhen = { words_at_most = 2 }\ntext = 0.5\n",
        encoding="utf-8",
    )
    (tmp_path / "notes.md").write_text("not a profile", encoding="utf-8")
    found = load_profiles(tmp_path)
    assert set(found) == {*BUILT_IN, "shoes"}
    assert found["shoes"].rules == (
        Rule(When(category="shoes"), {"image": 2.0}),
        Rule(When(words_at_most=2), {"text": 0.5}),
    )
    one = tmp_path / "one" / "all.toml"
    one.parent.mkdir()
    one.write_text(
        "[profiles.default]\nlexical = 1\n[[profiles.default.rules]]\n"
        "when = { brand = true }\nlexical = 2\n",
        encoding="utf-8",
    )
    assert load_profiles(one)["default"].rules == (Rule(When(brand=True), {"lexical": 2}),)


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("image = 2.0", "does not say when"),
        ("when = {}\nimage = 2.0", "does not say when"),
        ("when = { weather = true }", "asks for 'weather'"),
        ('when = { brand = "yes" }', "'brand' is 'yes'"),
        ('when = { language = "fr" }', "Language 'fr'"),
        ("when = { brand = true }\ntaste = 2.0", "no signal 'taste'"),
        ("when = { brand = true }\nimage = -1.0", "factor of 'image' is -1.0"),
        ("when = { brand = true }\nimage = true", "factor of 'image' is True"),
    ],
)
def test_a_wrong_rule_is_refused_by_its_profile(rule: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(f"text = 1.0\n[[rules]]\n{rule}\n", encoding="utf-8")
    with pytest.raises(InputError, match="'mine'") as refusal:
        load_profiles(tmp_path)
    assert reason in refusal.value.problem
    assert refusal.value.cure


def test_what_the_best_hits_share_beyond_chance_is_agreed() -> None:
    shares = ValueShares(100, {"tags": {"colour=red": 10, "season=summer": 90}})
    hits = [
        {"tags": ["colour=red", "season=summer"], "categories": ["Shoes"]},
        {"tags": ["colour=red", "season=summer"], "categories": ["Shoes"]},
        {"tags": ["colour=blue", "season=summer"], "categories": ["Bags"]},
    ]
    found = derive_feedback(hits, shares)
    assert found is not None
    assert set(found.points) == {"tags", "categories"}
    assert set(found.points["tags"]) == {"colour=red"}  # summer is what everything has
    assert set(found.points["categories"]) == {"Shoes"}  # one hit alone agrees with nobody
    assert feedback_value(
        {"tags": ["colour=red"], "categories": ["Shoes"]}, found
    ) == pytest.approx(1.0, abs=1e-5)
    assert feedback_value({"tags": ["colour=blue"]}, found) == 0.0
    assert "Shoes" in explain_feedback(found)
    assert derive_feedback([{"brand": ["A"]}, {"brand": ["B"]}], shares) is None
    assert derive_feedback([], shares) is None


@pytest.fixture(scope="module")
def agreeing(client: Any) -> Any:
    """A shop of three kinds: titles say little, tags say what a product is."""
    alias = "calib-agreeing"
    client.indices.delete(index=f"{alias}-*", ignore=404)
    schema = Schema(DIM)
    calibration = Calibration(DEFAULT_SCALES)
    name = create(client, alias, IDENTITY, render(schema, IDENTITY, calibration))
    lines: list[Any] = []
    for n in range(60):
        kind = ("shoes", "bags", "hats")[n % 3]
        named = f"sneaker {n}" if n % 3 == 0 and n < 30 else f"item {n}"
        record = {"id": f"p{n:02d}", "title": named, "categories": [kind]}
        product = parse_product(record | {"attributes": {"kind": [kind]}})
        vectors = ProductVectors(text=WORDS.encode_products([named])[0])
        document = schema.document(product, vectors, order=1, content_hash="h")
        lines += [{"index": {"_index": name, "_id": product.id}}, document]
    assert not client.bulk(body=lines, refresh=True)["errors"]
    yield SearchEngine(client, alias, IDENTITY, text=WORDS, patience=PATIENT, budget=UNHURRIED)
    client.indices.delete(index=name)


@pytest.mark.node
def test_products_that_share_what_the_best_hits_have_come_before_others(
    agreeing: SearchEngine,
) -> None:
    plain = agreeing.search(SearchRequest("sneaker", size=60))
    found = agreeing.search(SearchRequest("sneaker", size=60, profile="adaptive"))
    assert "agreement" not in plain.weights
    assert found.weights["agreement"] == pytest.approx(0.40 / 1.40)
    assert any("have in common: " in why and "shoes" in why for why in found.weights_because)
    place = {hit.id: n for n, hit in enumerate(found.hits)}
    shoes = [n for i, n in place.items() if int(i[1:]) % 3 == 0]
    others = [n for i, n in place.items() if int(i[1:]) % 3]
    assert max(shoes) < min(others)
    for hit in found.hits:
        assert hit.score == pytest.approx(sum(c.points for c in hit.contributions), abs=1e-5)
        share = next(c for c in hit.contributions if c.signal == "agreement")
        assert share.raw == pytest.approx(1.0 if int(hit.id[1:]) % 3 == 0 else 0.0, abs=1e-5)
        assert not share.missing
    assert found.to_json()["weights_because"] == list(found.weights_because)


@pytest.mark.node
def test_pages_of_an_agreement_are_parts_of_one_order(agreeing: SearchEngine) -> None:
    whole = [
        h.id for h in agreeing.search(SearchRequest("item 7", size=40, profile="adaptive")).hits
    ]
    parts = [
        h.id
        for offset in (0, 15, 30)
        for h in agreeing.search(
            SearchRequest("item 7", size=min(15, 40 - offset), offset=offset, profile="adaptive")
        ).hits
    ]
    assert parts == whole


@pytest.mark.node
def test_the_request_may_ask_for_agreement_and_turn_it_off(agreeing: SearchEngine) -> None:
    asked = agreeing.search(SearchRequest("sneaker", weights={"agreement": 0.5}))
    assert asked.weights["agreement"] > 0
    off = agreeing.search(SearchRequest("sneaker", profile="adaptive", weights={"agreement": 0.0}))
    assert "agreement" not in off.weights
    assert ADAPTIVE.weights["agreement"] > 0


def test_a_signal_of_agreement_adds_up_in_numpy(the_shop: Shop) -> None:
    signal = PseudoRelevanceFeedback({"tags": {"a=1": 0.6, "b=2": 0.4}})
    values = [{"tags": ["a=1", "b=2", "b=2"]}, {"tags": ["b=2"]}, {}]
    assert np.allclose([feedback_value(v, signal) for v in values], [1.0, 0.4, 0.0])
