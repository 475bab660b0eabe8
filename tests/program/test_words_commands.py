"""understand, suggest, queries and rules through the real command line, on a real node."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from program_run import NOWHERE, Program

from mappings.body import render
from mappings.calibration import Calibration
from mappings.identity import ModelIdentity
from mappings.index import create
from mappings.product import parse_product
from mappings.schema import Schema
from mappings.vectors import ProductVectors

pytestmark = pytest.mark.node
IDENTITY = ModelIdentity("none", "none", "none", "none", 8, "none")
TITLES = ("红色连衣裙 red dress", "蓝色运动鞋 blue sneakers", "黑色手提包 black handbag")


@pytest.fixture(scope="module")
def words(
    client: Any, node_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Program]:
    """The program before a small index of words without vectors."""
    alias = f"words-{uuid.uuid4().hex[:8]}"
    schema = Schema(8)
    name = create(client, alias, IDENTITY, render(schema, IDENTITY, Calibration({})))
    lines: list[dict[str, Any]] = []
    for n in range(12):
        zh, _ = TITLES[n % 3].split(" ", 1)
        record = {
            "id": f"p{n}", "title": TITLES[n % 3], "brand": "Nike", "price": 10 + n,
            "attributes": {"颜色": zh[:2]},
        }  # fmt: skip
        product = parse_product(record)
        document = schema.document(product, ProductVectors(), order=1, content_hash="h")
        lines += [{"index": {"_index": name, "_id": product.id}}, document]
    assert not client.bulk(body=lines, params={"refresh": "true"})["errors"]
    folder = tmp_path_factory.mktemp("words")
    yield Program(folder, {"SHELFSIGHT_NODE_URL": node_url, "SHELFSIGHT_ALIAS": alias})
    client.indices.delete(index=name)
    mine = {"query": {"term": {"alias": alias}}}
    for kept in ("shelfsight_rules", "shelfsight_queries"):
        client.delete_by_query(index=kept, body=mine, ignore=404, params={"refresh": "true"})


def test_understand_shows_what_is_read(words: Program) -> None:
    said = words("understand", "nike hongselianyiqun under $50", "--json").json()
    assert said["variants"][0]["used"] == "红色连衣裙"
    assert {c["kind"] for c in said["constraints"]} == {"price", "brand", "colour"}
    plain = words("understand", "红色连衣裙 100元以下", "--treat", "colour=hard").out
    assert "head       连衣裙 (dress)" in plain
    assert "colour     red (红色) = 颜色=红色; must" in plain


def test_a_bad_choice_is_named(words: Program) -> None:
    said = words("understand", "red", "--treat", "colour=firm")
    assert (said.code, "colour=firm" in said.err, "hard, soft, off" in said.err) == (2, True, True)
    assert words("understand", "x" * 201).code == 2
    assert words("understand", "red", SHELFSIGHT_ALIAS="words-none").code == 2
    assert words("understand", "red", SHELFSIGHT_NODE_URL=NOWHERE).code == 3


def test_suggest_completes_and_popular_queries_are_kept(words: Program) -> None:
    assert words("suggest", "lyq", "--json").json()["suggestions"][0]["text"] == "连衣裙"
    feed = words.home / "queries.tsv"
    feed.write_text("连衣裙 大码\t40\nme@example.org\t9\n", "utf-8")
    dry = words("queries", "import", str(feed), "--dry-run", "--json").json()
    assert dry == {"read": 2, "left_out": 1, "written": 0}
    assert words("queries", "list", "--json").json() == {}
    assert words("queries", "import", str(feed)).code == 0
    assert words("queries", "list", "--json").json() == {"连衣裙 大码": 40}
    assert words("suggest", "lyq").out.startswith("连衣裙 大码")
    assert "Nothing begins" in words("suggest", "qqqq").out
    assert words("suggest", "l", "--size", "0").code == 2
    feed.write_text("no count", "utf-8")
    broken = words("queries", "import", str(feed))
    assert (broken.code, "Line 1" in broken.err) == (2, True)


def test_rules_are_checked_imported_listed_and_exported(words: Program) -> None:
    book = words.home / "rules.toml"
    book.write_text(
        '[[synonyms]]\nwords = ["裙装", "连衣裙"]\n'
        '[[rules]]\nid = "sale"\nqueries = ["礼服"]\nrewrite = "连衣裙"\npin = ["p0"]\n',
        "utf-8",
    )
    assert words("rules", "list", "--json").json()["version"] == 0
    assert words("rules", "check", str(book)).code == 0
    assert words("rules", "import", str(book), "--dry-run").code == 0
    assert words("rules", "list", "--json").json()["version"] == 0
    first = words("rules", "import", str(book), "--json").json()
    assert (first["synonyms"], first["rules"], first["state"]) == (1, 1, "imported")
    said = words("understand", "礼服", "--json").json()
    assert (said["rules"][0]["id"], said["searched"]) == ("sale", "连衣裙")
    assert words("understand", "裙装", "--json").json()["variants"][0]["used"] == "连衣裙"
    kept = words.home / "kept.json"
    assert words("rules", "export", "--to", str(kept)).code == 0
    book.write_text("", "utf-8")
    assert words("rules", "import", str(book)).code == 0
    assert words("understand", "礼服", "--json").json()["rules"] == []
    back = words("rules", "import", str(kept), "--json").json()
    assert back["version"] == first["version"] + 2
    old = words("rules", "export", "--version", str(first["version"])).json()
    assert old["rules"] == words("rules", "export").json()["rules"]


def test_bad_rules_are_named(words: Program, tmp_path: Path) -> None:
    book = tmp_path / "rules.toml"
    book.write_text('[[rules]]\nid = "x"\nqueries = ["a"]\nmatch = "regex"\n', "utf-8")
    said = words("rules", "import", str(book))
    assert said.code == 2
    assert "rules.0.match is 'regex'" in said.err
    assert words("rules", "check", str(tmp_path / "none.toml")).code == 2
    assert words("rules", "export", "--version", "99").code == 2
    assert words("rules", "list", SHELFSIGHT_NODE_URL=NOWHERE).code == 3
