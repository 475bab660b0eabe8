"""Measuring a live index through the command line: its scales, and how well it answers."""

import json
from pathlib import Path

import pytest
from program_run import Program

pytestmark = [pytest.mark.node, pytest.mark.broker]


def write_set(folder: Path, queries: list[dict[str, str]], qrels: str) -> tuple[str, ...]:
    lines = [json.dumps(q, ensure_ascii=False) for q in queries]
    (folder / "queries.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (folder / "qrels.tsv").write_text(qrels, encoding="utf-8")
    return ("--queries", str(folder / "queries.jsonl"), "--qrels", str(folder / "qrels.tsv"))


def test_profiles_are_measured_side_by_side(shop: Program, tmp_path: Path) -> None:
    picture = next((shop.home / "shop").rglob("*.png"))
    (tmp_path / "asked.png").write_bytes(picture.read_bytes())
    files = write_set(
        tmp_path,
        [
            {"qid": "1", "text": "红色连衣裙"},
            {"qid": "2", "text": "green", "picture": "asked.png"},
            {"qid": "3", "picture": "asked.png"},
            {"qid": "4", "text": "not judged"},
        ],
        "1 0 red 2\n2 0 green 1\n3 0 red 1\n3 0 green 1\n",
    )
    words = ("evaluate", *files, "--measure", "nDCG@10", "--measure", "RR@10", "--seed", "4")
    plain = shop(*words)
    assert plain.code == 0, plain.err
    assert "default" in plain.out
    assert "3 queries; 1 without a judged product left out" in plain.out
    both = (*words, "--profile", "default", "--profile", "three-term")
    found = shop(*both, "--json").json()
    assert set(found["measures"]["RR@10"]) == {"default", "three-term"}
    assert set(found["compared"]["nDCG@10"]) == {"three-term"}
    assert 0 < found["compared"]["nDCG@10"]["three-term"]["p"] <= 1
    assert found["per_query"]["RR@10"]["default"]["1"] == 1.0
    assert found["unjudged"] == ["4"]
    assert shop(*both, "--json").json() == found


def test_a_wrong_set_is_refused_by_name(shop: Program, tmp_path: Path) -> None:
    files = write_set(tmp_path, [{"qid": "1", "text": "red"}], "1 0 red 1\n")
    cases = {
        ("--profile", "nothing"): "nothing",
        ("--measure", "foo@3"): "foo@3",
        ("--depth", "101"): "101",
        ("--queries", str(tmp_path / "gone.jsonl")): "gone.jsonl",
    }
    for words, named in cases.items():
        said = shop("evaluate", *files, *words)
        assert said.code == 2, said.out
        assert named in said.err
    long = write_set(tmp_path, [{"qid": "1", "text": "红" * 201}], "1 0 red 1\n")
    said = shop("evaluate", *long)
    assert said.code == 2
    assert "Query '1'" in said.err


def test_the_scales_are_measured_anew_drawn_and_shown(shop: Program, tmp_path: Path) -> None:
    before = shop("index", "show", "--json").json()["calibration"]
    picture = tmp_path / "scales.png"
    tried = shop("index", "calibrate", "--dry-run", "--plot", str(picture), "--json").json()
    assert tried["written"] is False
    assert tried["before"] == before
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert shop("index", "show", "--json").json()["calibration"] == before
    kept = shop("index", "calibrate", "--seed", "5", "--json").json()
    assert kept["products"] == 3
    shown = shop("index", "show", "--json").json()["calibration"]
    assert shown == kept["calibration"]
    plain = shop("index", "show")
    assert "scale        lexical" in plain.out
    assert "worded" in plain.out
    words = shop("index", "calibrate")
    assert words.code == 0, words.err
    assert "kept, from 3 products" in words.out
    for path, named in ((tmp_path / "scales.txt", ".png"), (tmp_path / "no" / "a.png", "folder")):
        said = shop("index", "calibrate", "--plot", str(path))
        assert said.code == 2
        assert named in said.err
    assert shop("search", "红色连衣裙", "--json").json()["hits"][0]["id"] == "red"
