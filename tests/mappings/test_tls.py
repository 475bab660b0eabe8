import logging
import pickle
import re
import shutil
import traceback
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tls_stub import Authority, make_authority, tls_door

from mappings.connection import Connection, node_errors
from mappings.errors import EXIT_ENVIRONMENT, InputError, NodeUnreachable, StackError

USER, PASSWORD = "shelf", "pässwörd-密码:geheim"
pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(
        not shutil.which("openssl"), reason="openssl is missing: apt install openssl"
    ),
]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("ca"), "ours")


@pytest.fixture(scope="module")
def door(authority: Authority, node_url: str) -> Iterator[tuple[str, list[str]]]:
    cert, key = authority.issue("node", "IP:127.0.0.1,DNS:localhost")
    with tls_door(node_url, cert, key, USER, PASSWORD) as opened:
        yield opened


def ask(connection: Connection) -> dict[str, Any]:
    client = connection.open()
    try:
        with node_errors(connection.url):
            return dict(client.info())
    finally:
        client.close()


def test_right_authority_and_user_create_fill_and_search(
    door: tuple[str, list[str]], authority: Authority
) -> None:
    url, asked = door
    client = Connection(url, USER, PASSWORD, str(authority.pem)).open()
    index = f"serve-tls-{uuid.uuid4().hex[:8]}"
    try:
        client.indices.create(index=index, body={"settings": {"number_of_replicas": 0}})
        lines = "".join(
            f'{{"index":{{"_id":"{i}"}}}}\n{{"title":"红色 shoes {i}"}}\n' for i in range(50)
        )
        done = client.bulk(body=lines, index=index, refresh=True)
        found = client.search(index=index, body={"query": {"match": {"title": "shoes"}}})
    finally:
        client.indices.delete(index=index, ignore=404)
        client.close()
    assert not done["errors"]
    assert found["hits"]["total"]["value"] == 50
    assert any(line.startswith(f"POST /{index}/_search") for line in asked)


def test_the_host_name_counts_not_only_the_address(
    door: tuple[str, list[str]], authority: Authority
) -> None:
    by_name = door[0].replace("127.0.0.1", "localhost")
    assert ask(Connection(by_name, USER, PASSWORD, str(authority.pem)))["version"]["number"]


def test_another_authority_is_refused_and_the_setting_named(
    door: tuple[str, list[str]], tmp_path: Path
) -> None:
    other = make_authority(tmp_path, "other")
    before = len(door[1])
    with pytest.raises(StackError, match="SHELFSIGHT_NODE_CA") as caught:
        ask(Connection(door[0], USER, PASSWORD, str(other.pem)))
    assert "is not trusted" in caught.value.problem
    assert not isinstance(caught.value, NodeUnreachable)
    assert caught.value.exit_code == EXIT_ENVIRONMENT
    assert len(door[1]) == before, "nothing, least of all the password, was sent"


def test_without_an_authority_the_well_known_ones_refuse(door: tuple[str, list[str]]) -> None:
    with pytest.raises(StackError, match="SHELFSIGHT_NODE_CA"):
        ask(Connection(door[0], USER, PASSWORD))


def test_another_host_name_in_the_certificate_is_refused(
    authority: Authority, node_url: str
) -> None:
    cert, key = authority.issue("elsewhere", "DNS:elsewhere.example")
    with (
        tls_door(node_url, cert, key, USER, PASSWORD) as (url, asked),
        pytest.raises(StackError, match=r"another host name.*SHELFSIGHT_NODE_URL"),
    ):
        ask(Connection(url, USER, PASSWORD, str(authority.pem)))
    assert asked == []


@pytest.mark.parametrize(("user", "password"), [(USER, "wrong"), ("someone", PASSWORD), ("", "")])
def test_a_wrong_user_or_password_names_the_user_settings(
    door: tuple[str, list[str]], authority: Authority, user: str, password: str
) -> None:
    with pytest.raises(
        StackError, match=r"HTTP 401.*SHELFSIGHT_NODE_USER and SHELFSIGHT_NODE_PASSWORD"
    ):
        ask(Connection(door[0], user, password, str(authority.pem)))


def test_plain_http_to_a_tls_port_says_so(door: tuple[str, list[str]]) -> None:
    with pytest.raises(NodeUnreachable, match="if it speaks TLS, give https://"):
        ask(Connection(door[0].replace("https", "http"), USER, PASSWORD))


def test_tls_to_a_plain_http_port_says_so(node_url: str) -> None:
    with pytest.raises(StackError, match=r"does not speak TLS.*http://"):
        ask(Connection(node_url.replace("http://", "https://"), USER, PASSWORD))


def test_a_closed_tls_port_is_an_unreachable_node() -> None:
    with pytest.raises(NodeUnreachable, match="does not answer"):
        ask(Connection("https://127.0.0.1:9"))


def test_verify_off_works_and_is_said_to_be_unsafe(
    door: tuple[str, list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "shelfsight.node"):
        assert ask(Connection(door[0], USER, PASSWORD, verify=False))["version"]["number"]
    (record,) = [r for r in caplog.records if r.name == "shelfsight.node"]
    assert "is not checked" in record.getMessage()
    assert "SHELFSIGHT_NODE_VERIFY" in record.getMessage()


def test_verify_on_warns_of_nothing(
    door: tuple[str, list[str]], authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    ask(Connection(door[0], USER, PASSWORD, str(authority.pem)))
    assert [r for r in caplog.records if r.name == "shelfsight.node"] == []


@pytest.mark.parametrize("content", [None, "no certificate", ""])
def test_an_unusable_authority_file_is_bad_input(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError, match="SHELFSIGHT_NODE_CA") as caught:
        Connection("https://127.0.0.1:9", ca=str(path)).open()
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:9200", "ftp://node:9200", "http://", "https://node:port", "http://node:99999"],
)
def test_what_is_no_address_is_bad_input(url: str) -> None:
    with pytest.raises(InputError, match=re.escape(repr(url)) + ".*SHELFSIGHT_NODE_URL"):
        Connection(url)


@pytest.mark.parametrize("url", ["https://me:hunter2@node:9200", "http://me:hunter2@node:x"])
def test_a_password_in_the_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(InputError) as caught:
        Connection(url)
    assert "hunter2" not in str(caught.value) + repr(caught.value)


def test_the_password_is_nowhere_to_be_read(
    door: tuple[str, list[str]], authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    right = Connection(door[0], USER, PASSWORD, str(authority.pem))
    client = right.open()
    client.info()
    wrong = Connection(door[0], USER, PASSWORD + "x", str(authority.pem))
    with pytest.raises(StackError) as caught:
        ask(wrong)
    untrusted = Connection(door[0], USER, PASSWORD)
    with pytest.raises(StackError) as distrust:
        ask(untrusted)
    shown = [repr(right), str(right), f"{right!r:>4}", repr(client), str(client)]
    shown += [repr(c) for c in client.transport.connection_pool.connections]
    shown += [r.getMessage() + str(r.__dict__) for r in caplog.records]
    for error in (caught.value, distrust.value):
        shown += [str(error), repr(error), *traceback.format_exception(error)]
        shown.append(repr(pickle.loads(pickle.dumps(error))))
    client.close()
    token = client.transport.connection_pool.connections[0].headers["authorization"]
    assert not [s for s in shown if PASSWORD in s or token in s or "geheim" in s]
    assert caplog.records, "the client logs its requests, so there was something to look through"
