"""Wrong credentials and servers that do not answer end a command before a model is loaded."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from program_run import NOWHERE, Program, write_feed
from tls_stub import make_authority, tls_door

pytestmark = [
    pytest.mark.node,
    pytest.mark.broker,
    pytest.mark.skipif(
        not shutil.which("openssl"), reason="openssl is missing: apt install openssl"
    ),
]
NO_MODEL = {"SHELFSIGHT_TEXT_MODEL": "nosuch"}
"""A model that cannot be loaded: a command that tries ends with another exit code."""
AT_ONCE = 30.0
"""Seconds, of which Python needs some to start on a busy machine."""
ASK_NODE = {
    "ingest": ("ingest", "feed.jsonl"),
    "index create": ("index", "create", "feed.jsonl"),
    "search": ("search", "red"),
    "evaluate": ("evaluate", "--queries", "queries.jsonl", "--qrels", "qrels.tsv"),
    "attach": ("attach", "--index", "shop"),
    "reconcile": ("attach", "reconcile", "--index", "shop"),
    "demo": ("demo", "--fresh"),
    "a demo of one's own": ("demo", "--catalogue", "feed.jsonl"),
}
ASK_BROKER = ("ingest", "demo", "a demo of one's own")


@pytest.fixture(scope="module")
def locked_node(
    node_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """A node that lets one user in, and what a person has set who is another."""
    authority = make_authority(tmp_path_factory.mktemp("ca"), "ours")
    cert, key = authority.issue("node", "IP:127.0.0.1")
    with tls_door(node_url, cert, key, "shelf", "right") as (url, _):
        yield {
            "SHELFSIGHT_NODE_URL": url,
            "SHELFSIGHT_NODE_CA": str(authority.pem),
            "SHELFSIGHT_NODE_USER": "shelf",
            "SHELFSIGHT_NODE_PASSWORD": "wrong",
        }


def errors(program: Program, what: str, settings: dict[str, str]) -> str:
    """Run a command that must end at once with exit code 3; return what it says."""
    write_feed(program.home / "feed.jsonl", {"id": "a", "title": "red hat"})
    write_feed(program.home / "queries.jsonl", {"id": "q", "text": "red hat"})
    (program.home / "qrels.tsv").write_text("q\t0\ta\t1\n")
    began = time.monotonic()
    said = program(*ASK_NODE[what], **(NO_MODEL | settings))
    assert time.monotonic() - began < AT_ONCE
    assert said.code == 3, said.out + said.err
    assert not (program.home / "node").exists(), "no server was started"
    assert not (program.home / "demo-catalogue").exists(), "nothing was drawn"
    return said.err


@pytest.mark.parametrize("what", ASK_NODE)
def test_wrong_credentials(
    bare: Program, locked_node: dict[str, Any], broker_url: str, what: str
) -> None:
    said = errors(bare, what, locked_node | {"SHELFSIGHT_BROKER_URL": broker_url})
    assert "refuses this user (HTTP 401)" in said
    assert "Set SHELFSIGHT_NODE_USER and SHELFSIGHT_NODE_PASSWORD" in said


@pytest.mark.parametrize("what", ASK_NODE)
def test_a_node_that_does_not_answer(bare: Program, broker_url: str, what: str) -> None:
    said = errors(bare, what, {"SHELFSIGHT_NODE_URL": NOWHERE, "SHELFSIGHT_BROKER_URL": broker_url})
    assert f"OpenSearch at {NOWHERE} does not answer" in said
    assert "SHELFSIGHT_NODE_URL" in said


@pytest.mark.parametrize("what", ASK_BROKER)
def test_a_broker_that_does_not_answer(bare: Program, node_url: str, what: str) -> None:
    broker = "redis://127.0.0.1:9/0"
    said = errors(bare, what, {"SHELFSIGHT_NODE_URL": node_url, "SHELFSIGHT_BROKER_URL": broker})
    assert "127.0.0.1:9/0 does not answer" in said
    assert "SHELFSIGHT_BROKER_URL" in said


@pytest.mark.parametrize("words", [("demo", "--catalogue"), ("ingest",), ("index", "create")])
def test_a_wrong_path_is_said_before_any_server_is_asked(
    bare: Program, words: tuple[str, ...]
) -> None:
    wrong = str(Path("nosuch") / "products.jsonl")
    said = bare(*words, wrong, within=AT_ONCE, SHELFSIGHT_NODE_URL=NOWHERE)
    assert said.code == 2
    assert f"There is no catalogue at {wrong}" in said.err
    assert not (bare.home / "node").exists()
