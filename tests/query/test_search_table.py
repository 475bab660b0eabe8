import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from mappings.errors import InputError
from query.explain.explanation import explain
from query.model.facet_results import Bucket, FacetCount
from query.model.result import Contribution, Hit, MatchedPicture, MatchedWord, SearchResult
from shelfsight.cli import app
from shelfsight.commands.result_table import result_table, sentence

GIVEN = (
    Contribution("lexical", 12.0, 0.5, 0.3, 0.15),
    Contribution("text", 0.87, 0.75, 0.3, 0.225),
    Contribution("image", 0.0, 0.0, 0.4, 0.0, missing=True),
)
HIT = Hit(
    "p1", 0.375, GIVEN, {"title": "红色连衣裙 [red]", "brand": "Acme", "price": 1234.5,
                         "currency": "EUR"},
    MatchedPicture("1/2.png", "detail"),
)  # fmt: skip


def result(*hits: Hit, degraded: tuple[str, ...] = ()) -> SearchResult:
    return SearchResult(
        hits, 1234, "gte", 150, 150, 7, 3.2, degraded, "default", {"text": 1.0}, "i-0001", "abc"
    )


def shown(found: SearchResult, *, explain: bool = False, first: int = 1) -> str:
    console = Console(width=120, record=True, force_terminal=False)
    with console.capture() as captured:
        console.print(result_table(found, explain=explain, first=first))
    return captured.get()


def test_the_table_shows_rank_score_title_brand_and_price() -> None:
    text = shown(result(HIT, Hit("p2", 0.1, GIVEN, {})), first=11)
    for part in (
        "11",
        "0.375",
        "██████████",
        "红色连衣裙 [red]",
        "Acme",
        "1,234.50 EUR",
        "12",
        "p2",
    ):
        assert part in text
    assert "more than 1,234 found, 150 can be paged to" in text
    assert "calibrated" not in text


def test_explain_shows_what_every_signal_gave_and_says_it_in_a_sentence() -> None:
    text = shown(result(HIT), explain=True)
    for part in ("12.0000", "→ 0.500", "× 0.300", "0.1500", "missing", "0.3750"):
        assert part in text
    said = sentence(HIT)
    assert said.startswith("Found because its text means what you wrote (60% of its points)")
    assert "1/2.png" in said
    assert "it has nothing for: pictures" in said


def test_no_hits_and_failed_signals_are_said() -> None:
    text = shown(result(degraded=("image", "timeout")))
    assert "No product was found" in text
    assert "image, timeout" in text


def test_a_hit_without_points_has_a_sentence() -> None:
    assert sentence(Hit("x", 0.0, (), {})).endswith(".")


def test_the_json_is_whole_and_readable_by_programs() -> None:
    plain = json.loads(json.dumps(result(HIT).to_json(), ensure_ascii=False))
    assert plain["hits"][0]["contributions"][2]["missing"] is True
    assert plain["hits"][0]["matched_picture"] == {"path": "1/2.png", "role": "detail"}
    assert plain["hits"][0]["source"]["brand"] == "Acme"
    assert {"total", "total_relation", "window", "reachable", "degraded", "weights"} <= set(plain)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["x", "--weight", "image"], "image"),
        (["x", "--weight", "taste=1"], "taste"),
        (["x", "--image", "no-such-file.png"], "no-such-file.png"),
        (["x", "--filter", "title=x"], "title"),
        ([""], "empty"),
        (["x", "--size", "101"], "size"),
    ],
)
def test_bad_options_are_errors_before_anything_is_opened(
    arguments: list[str], problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = CliRunner().invoke(app, ["search", *arguments])
    assert isinstance(found.exception, InputError)
    assert problem in str(found.exception)
    assert found.exception.exit_code == 2


def test_an_answer_without_hits_is_a_sentence_and_no_empty_table() -> None:
    text = shown(result())
    assert text.startswith("No product was found. Try other words or fewer filters.")
    assert "score" not in text


def test_cards_boosts_placements_and_facets_are_shown() -> None:
    stock = Contribution("boost: stock", 3.0, 1.0, 0.05, 0.05)
    card = replace(
        HIT, contributions=(*GIVEN, stock), variants=("p2", "p3"), placed="pinned by rule sale"
    )
    card = replace(card, explanation=explain(card, 1, (MatchedWord("红色", "title"),)))
    facets = (
        FacetCount("brand", "terms", "match_set", (Bucket("Acme", 3, chosen=True),), 4),
        FacetCount(
            "price", "ranges", "window", (Bucket(None, 2, None, 50.0), Bucket(None, 1, 50.0))
        ),
        FacetCount("added", "ranges", "match_set", (Bucket(None, 1, "2026-01-01T00:00:00Z"),)),
        FacetCount("size", "terms", "match_set", ()),
    )
    text = shown(replace(result(card), facets=facets), explain=True)
    for part in (
        "+2",
        "pinned by rule sale",
        "boost: stock",
        "brand: *Acme 3 · others 4",
        "price (window): ..50 2 · 50.. 1",
        "added: 2026-01-01.. 1",
        "size: nothing to count",
        "Raised by 0.050 for: stock.",
        "标题中的“红色”",
    ):
        assert part in text.replace("\n", "")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--facet", "title"], "'title' cannot be filtered"),
        (["--facet", "brand:101"], "101 values"),
        (["--facets-of", "page"], "'page' are not known"),
        (["--sort", "title"], "sorting by 'title'"),
        (["--collapse", "title"], "collapsed on 'title'"),
        (["--reach", "1001"], "reach is 1001"),
        (["--diversity", "much"], "'much' cannot be read"),
        (["--diversity", "0.5:price"], "no vector 'price'"),
        (["--boost", "stock"], "'stock' cannot be read"),
        (["--cursor", "x", "--offset", "5"], "A cursor and offset 5"),
    ],
)
def test_what_cannot_be_arranged_is_refused_before_models_are_loaded(
    options: list[str], named: str
) -> None:
    answer = CliRunner().invoke(app, ["search", "dress", *options])
    assert isinstance(answer.exception, InputError)
    assert named in answer.exception.problem
