"""The tagger's command in a process of its own: trained, kept, judged, refused."""

import json
from pathlib import Path

from program_run import Program

from learn.tagger.made_text import made_products


def test_the_command_trains_keeps_and_judges(tmp_path: Path) -> None:
    run = Program(tmp_path)
    rows = [
        {"id": p.id, "title": p.title, "attributes": {k: list(v) for k, v in p.attributes.items()}}
        for p in made_products(60, 4)
    ]
    catalogue = tmp_path / "made.jsonl"
    catalogue.write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in rows), "utf-8")
    known = ("--catalogue", str(catalogue), "--json")
    kept = tmp_path / "kept"
    done = run("tagger", "train", *known, "--epochs", "1", "--into", str(kept), within=200)
    assert done.code == 0, done.err
    assert done.json()["folder"] == str(kept)
    judged = run("tagger", "eval", *known, "--tagger", str(kept), within=200)
    assert 0 <= judged.json()["f1"] <= 1
    none = run("tagger", "eval", *known)
    assert none.code == 2
    assert "tagger train" in none.err
    both = run("tagger", "train", *known, "--made", "60")
    assert both.code == 2


def test_a_dry_run_keeps_nothing(tmp_path: Path) -> None:
    asked = ("--made", "60", "--epochs", "1", "--dry-run", "--json")
    dry = Program(tmp_path)("tagger", "train", *asked, within=250)
    assert dry.code == 0, dry.err
    assert "dry-run" in dry.json()["folder"]
    assert not (tmp_path / "taggers").exists()
