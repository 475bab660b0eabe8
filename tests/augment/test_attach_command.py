"""``shelfsight attach`` from the command line: look, refuse, do, go on, put back, take away."""

import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from attach_commands import Commands
from attach_workshop import open_shop, shop_writes, sources
from augment_shop import document
from stopping import PROMISED_SECONDS

pytestmark = pytest.mark.node
COUNT = 60


@pytest.fixture
def shop(client: Any) -> Iterator[str]:
    name = f"augment-cli-{uuid.uuid4().hex[:8]}"
    open_shop(client, name, COUNT)
    yield name
    remove(client, name)


def remove(client: Any, name: str) -> None:
    client.indices.delete(index=f"{name}*")
    client.delete_script(id=f"shelfsight-{name}-v1", ignore=404)


def untouched(client: Any, name: str) -> tuple[Any, ...]:
    mapping = client.indices.get_mapping(index=name)[name]["mappings"]
    indices = sorted(client.indices.get(index=f"{name}*"))
    return mapping, sources(client, name), indices


def test_a_look_writes_nothing_and_shows_the_columns(
    client: Any, shop: str, attach: Commands
) -> None:
    before = untouched(client, shop)
    found = attach("--index", shop)
    assert found["possible"]
    assert found["columns"]["title"] == ["title"]
    assert found["columns"]["attributes"] == ["tags", "variants.colour", "variants.size"]
    assert any("create an index" in change for change in found["changes"])
    assert attach("--index", shop, "--mode", "in_place")["possible"]
    assert untouched(client, shop) == before


def test_a_live_index_without_knn_is_refused_before_anything_is_written(
    client: Any, attach: Commands
) -> None:
    name = f"augment-cli-{uuid.uuid4().hex[:8]}"
    open_shop(client, name, 5, knn=False)
    try:
        before = untouched(client, name)
        found = attach("--index", name, "--mode", "in_place", code=2)
        assert "without index.knn" in found["hindrances"][0]["problem"]
        said = attach("--index", name, "--mode", "in_place", "--yes", code=2)
        assert "without index.knn" in said
        assert untouched(client, name) == before
        attach("--index", name, "--yes")
        assert attach("status", "--index", name)["with_vectors"] == 5, "the parallel one does"
    finally:
        remove(client, name)


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ({"_source": {"enabled": False}}, "keeps no _source"),
        ({"_source": {"excludes": ["description"]}}, "only a part"),
        ({"properties": {"title": {"type": "text"}, "shelfsight": {"type": "keyword"}}}, "its own"),
    ],
)
def test_what_would_lose_a_field_is_refused(
    client: Any, attach: Commands, mapping: dict[str, Any], says: str
) -> None:
    name = f"augment-cli-{uuid.uuid4().hex[:8]}"
    own = {"properties": {"title": {"type": "text"}}} | mapping
    client.indices.create(index=name, body={"settings": {"index.knn": True}, "mappings": own})
    try:
        for mode in ("parallel", "in_place"):
            found = attach("--index", name, "--mode", mode, code=2)
            assert says in found["hindrances"][0]["problem"]
    finally:
        client.indices.delete(index=name)


@pytest.mark.parametrize("mode", ["parallel", "in_place"])
def test_from_the_first_look_to_the_last(
    client: Any, shop: str, attach: Commands, mode: str
) -> None:
    before = untouched(client, shop)
    done = attach("--index", shop, "--mode", mode, "--yes")
    assert (done["written"], done["failed"]) == (COUNT, 0)
    status = attach("status", "--index", shop)
    assert (status["documents"], status["with_vectors"], status["mode"]) == (COUNT, COUNT, mode)
    again = attach("--index", shop, "--mode", mode, "--yes")
    assert again["written"] == 0, "it goes on, and there is nothing to do"
    shop_writes(client, shop, {n: document(n) | {"title": f"changed {n}"} for n in range(20)})
    assert attach("status", "--index", shop)["behind"] > 0
    assert attach("reconcile", "--index", shop)["written"] == 20
    bodies = attach.home / "bodies.jsonl"
    bodies.write_text('{"query": {"function_score": {"query": {"match_all": {}}, "weight": 40}}}\n')
    scale = attach("calibrate", "--index", shop, "--bodies", str(bodies))
    assert scale["lexical_scale"] == pytest.approx(40.0)
    scripts = client.cluster.state(metric="metadata")["metadata"]["stored_scripts"]
    assert f"shelfsight-{shop}-v1" in scripts
    would = attach("detach", "--index", shop)
    assert would["do_it"] == "--yes"
    gone = attach("detach", "--index", shop, "--yes")
    assert f"shelfsight-{shop}-v1" in gone["scripts"]
    shops = {f"p{n:04d}": document(n) for n in range(COUNT)}
    shops |= {f"p{n:04d}": document(n) | {"title": f"changed {n}"} for n in range(20)}
    mapping, held, indices = untouched(client, shop)
    assert (held, indices) == (shops, before[2])
    assert mapping["_meta"] == before[0]["_meta"]
    if mode == "parallel":
        assert mapping == before[0]
    else:
        assert gone["stays"], "the empty columns stay, and that is said"
    assert "not attached" in attach("status", "--index", shop, code=2)


def test_a_shop_that_builds_its_index_anew_is_read_anew(
    client: Any, shop: str, attach: Commands
) -> None:
    first = attach("--index", shop, "--yes")["index"]
    client.indices.delete(index=shop)
    open_shop(client, shop, 10)
    assert "not attached" in attach("status", "--index", shop, code=2), "not to this index"
    second = attach("--index", shop, "--yes")
    assert (second["index"], second["written"]) != (first, COUNT)
    assert attach("status", "--index", shop)["with_vectors"] == 10
    assert not client.indices.exists(index=first)
    client.indices.delete(index=shop)
    assert attach("detach", "--index", shop, "--yes")["indices"] == [second["index"]]
    open_shop(client, shop, 1)


def test_the_columns_can_be_edited(client: Any, shop: str, attach: Commands) -> None:
    file = attach.home / "columns.toml"
    file.write_text('[columns]\ntitle = ["title", "brand"]\nattributes = ["variants"]\n')
    found = attach("--index", shop, "--columns", str(file))
    assert found["columns"]["title"] == ["title", "brand"]
    assert found["columns"]["pictures"] == []
    file.write_text('[columns]\ntitle = ["nosuch"]\n')
    assert "no field 'nosuch'" in attach("--index", shop, "--columns", str(file), code=2)


def test_what_is_not_there_is_said(attach: Commands) -> None:
    assert "No index is named" in attach(code=2)
    assert "no index 'augment-nosuch'" in attach("--index", "augment-nosuch", code=2)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_stopped_backfill_goes_on(
    client: Any, shop: str, attach: Commands, number: signal.Signals
) -> None:
    shop_writes(client, shop, {n: document(n) for n in range(COUNT, 1200)})
    command = [sys.executable, "-m", "shelfsight", "attach", "--index", shop, "--mode", "in_place",
               "--yes"]  # fmt: skip
    running = subprocess.Popen(
        command, env=attach.environment, cwd=attach.home, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    filled = {"query": {"exists": {"field": "shelfsight.text_vector"}}}
    while running.poll() is None:  # until something, and not yet everything, is there
        client.indices.refresh(index=shop)
        if client.count(index=shop, body=filled)["count"] > 0:
            running.send_signal(number)
            break
    assert running.wait(PROMISED_SECONDS) in (0, -signal.SIGKILL, 128 + number)
    done = attach("--index", shop, "--mode", "in_place", "--yes")
    assert done["failed"] == 0
    client.indices.refresh(index=shop)
    assert client.count(index=shop, body=filled)["count"] == 1200
    held = sources(client, shop)
    assert {i: {k: v for k, v in s.items() if k != "shelfsight"} for i, s in held.items()} == {
        f"p{n:04d}": document(n) for n in range(1200)
    }
