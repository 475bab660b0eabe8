"""Rule books: read with every fault named, and matched against queries."""

import json
from pathlib import Path
from typing import Any

import pytest

from mappings.errors import InputError
from query.rules.book import Rule, RuleBook, Synonyms
from query.rules.reading import load_book, read_book

TOML = """
[[synonyms]]
words = ["包包", "手提包", "handbag"]

[[synonyms]]
words = ["运动鞋"]
to = ["球鞋"]
weight = 0.5

[[rules]]
id = "summer"
queries = ["连衣裙", "summer dress"]
pin = ["p1", "p2"]
bury = ["p9"]
filter = ["price<500"]
boost = { "brand=Nike" = 1.5 }

[[rules]]
id = "tee"
queries = "tee"
match = "exact"
rewrite = "t-shirt"
"""


def test_toml_and_json_say_the_same(tmp_path: Path) -> None:
    toml, other = tmp_path / "rules.toml", tmp_path / "rules.json"
    toml.write_text(TOML, "utf-8")
    book = load_book(toml)
    assert book.synonyms[1] == Synonyms(("运动鞋",), ("球鞋",), 0.5)
    assert book.rules[0] == Rule(
        "summer", ("连衣裙", "summer dress"), "contains", "", ("p1", "p2"), ("p9",),
        ("price<500",), (("brand=Nike", 1.5),),
    )  # fmt: skip
    other.write_text(json.dumps(book.to_json(), ensure_ascii=False), "utf-8")
    assert load_book(other) == book


def test_synonyms_go_two_ways_or_one() -> None:
    others = RuleBook(
        0, (Synonyms(("包包", "手提包", "Hand-Bag")), Synonyms(("运动鞋",), ("球鞋",), 0.5))
    ).others()
    assert others["包包"] == (("手提包", 0.8), ("Hand-Bag", 0.8))
    assert others["hand bag"] == (("包包", 0.8), ("手提包", 0.8))
    assert others["运动鞋"] == (("球鞋", 0.5),)
    assert "球鞋" not in others


@pytest.mark.parametrize(
    ("match", "pattern", "query", "met"),
    [
        ("contains", "连衣裙", "红色连衣裙 女", True),
        ("contains", "dress", "Red DRESS for women", True),
        ("contains", "dress", "dresser", False),
        ("contains", "summer dress", "a summer  dress", True),
        ("exact", "tee", "TEE", True),
        ("exact", "tee", "tee red", False),
        ("exact", "t-shirt", "t shirt", True),
        ("prefix", "连衣", "连衣裙", True),
        ("prefix", "red", "red dress", True),
        ("prefix", "red", "redder", False),
        ("prefix", "dress", "red dress", False),
        ("contains", "nike", "nike鞋", True),
        ("contains", "t恤", "白t恤", True),
        ("contains", "red", "redder red", True),
    ],
)
def test_patterns(match: Any, pattern: str, query: str, met: bool) -> None:
    book = RuleBook(0, (), (Rule("r", ("zzz", pattern), match, pin=("p1",)),))
    applied = book.matching(query)
    assert [(a.id, a.why, a.pins) for a in applied] == ([("r", pattern, ("p1",))] if met else [])


def rule(**changes: Any) -> dict[str, Any]:
    return {"rules": [{"id": "r", "queries": ["a"], "pin": ["p1"]} | changes]}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ([], "the document is no table"),
        ({"synonym": []}, "'synonym' is not known"),
        ({"synonyms": {}}, "synonyms is no list"),
        ({"synonyms": [{"words": ["a"]}]}, "synonyms.0 needs two words"),
        ({"synonyms": [{"words": ["a", ""]}]}, "synonyms.0.words is no list of words"),
        ({"synonyms": [{"words": ["a", "b"], "weight": 0}]}, "synonyms.0.weight is 0"),
        ({"synonyms": [{"words": ["a", "b"], "weight": "x"}]}, "'x', no number"),
        ({"synonyms": [{"words": [str(n) for n in range(21)]}]}, "21 entries; 20 are allowed"),
        ({"synonyms": [{"words": ["a" * 201, "b"]}]}, "more than 200 characters"),
        (rule(id=""), "rules.0.id"),
        (rule(queries=[]), "rules.0 needs queries"),
        (rule(pin=[]), "rules.0 does nothing"),
        (rule(match="regex"), "rules.0.match is 'regex'"),
        (rule(pin=[f"p{n}" for n in range(21)]), "rules.0.pin has 21 entries; 20"),
        (rule(bury=["p1"]), "both pins and buries 'p1'"),
        (rule(filter=["nonsense"]), "rules.0: Filter 'nonsense' cannot be read"),
        (rule(boost={"brand=X": 99}), "is 99; 0.1 to 10 are allowed"),
        (rule(boost=["brand=X"]), "rules.0.boost is no table"),
        (rule(rewrite=5), "rules.0.rewrite is no text"),
        (rule(script="x"), "'script' is not known"),
        ({"rules": [*rule()["rules"], *rule()["rules"]]}, "the id 'r' is given twice"),
        ({"rules": [{}] * 1_001}, "1001 entries; 1000 are allowed"),
    ],
)
def test_faults_are_named_with_their_place(given: Any, named: str) -> None:
    with pytest.raises(InputError) as caught:
        read_book(given)
    assert named in str(caught.value)


def test_all_faults_are_told_at_once_but_not_endlessly() -> None:
    with pytest.raises(InputError) as caught:
        read_book({"rules": [{"id": f"r{n}"} for n in range(30)]})
    assert str(caught.value).count("needs queries") == 5
    assert "and 50 more" in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[[rules", b"{", b""])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rules.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"rules\.json"):
        load_book(path)
    with pytest.raises(InputError, match=r"gone\.toml"):
        load_book(tmp_path / "gone.toml")


def test_a_file_past_the_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text("#" * (2 * 1024 * 1024), "utf-8")
    assert load_book(path) == RuleBook()
    path.write_text("#" * (2 * 1024 * 1024 + 1), "utf-8")
    with pytest.raises(InputError, match="2097153 bytes"):
        load_book(path)
