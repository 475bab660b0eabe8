"""What of the compose file can be run without Docker is run: its scripts and its shell lines."""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tls_stub import tls_door

from mappings.connection import Connection, node_errors
from mappings.errors import StackError

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "docker/certificates.sh"
SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
PASSWORD = "Geheim-7-shelves"


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        not shutil.which(program), reason=f"{program} is missing: apt-get install {program}"
    )


def make(node: Path, authority: Path, owner: str = "") -> str:
    words = ["/bin/sh", str(SCRIPT), str(node), str(authority), *([owner] if owner else [])]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("certificates")
    node, authority = folder / "node", folder / "authority"
    node.mkdir()
    authority.mkdir()
    make(node, authority, f"{os.getuid()}:{os.getgid()}")
    return node, authority


@needs("openssl")
def test_the_certificates_are_what_the_node_and_its_clients_need(
    certificates: tuple[Path, Path],
) -> None:
    node, authority = certificates
    assert {p.name for p in node.iterdir()} == {"ca.pem", "node.pem", "node.key"}
    assert {p.name for p in authority.iterdir()} == {"ca.pem"}
    assert (node / "node.key").stat().st_mode & 0o777 == 0o400
    assert (authority / "ca.pem").stat().st_mode & 0o777 == 0o444
    assert (node / "node.key").read_text().startswith("-----BEGIN PRIVATE KEY-----")
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(node / "node.pem", node / "node.key")


@needs("openssl")
def test_good_certificates_are_kept_and_bad_ones_replaced(tmp_path: Path) -> None:
    node, authority = tmp_path / "node", tmp_path / "authority"
    node.mkdir()
    authority.mkdir()
    assert "made" in make(node, authority)
    first = (node / "node.pem").read_bytes()
    assert "still good" in make(node, authority)
    assert (node / "node.pem").read_bytes() == first
    (authority / "ca.pem").unlink()
    assert "made" in make(node, authority)
    assert (node / "node.pem").read_bytes() != first
    assert (authority / "ca.pem").read_bytes() == (node / "ca.pem").read_bytes()
    (node / "node.pem").chmod(0o600)
    (node / "node.pem").write_text("")
    assert "made" in make(node, authority)


@pytest.fixture
def door(certificates: tuple[Path, Path], node_url: str) -> Iterator[str]:
    node, _ = certificates
    with tls_door(node_url, node / "node.pem", node / "node.key", "admin", PASSWORD) as (url, _):
        yield url


@pytest.mark.node
@needs("openssl")
def test_our_programs_trust_the_node_by_the_authority_they_are_given(
    certificates: tuple[Path, Path], door: str
) -> None:
    connection = Connection(
        door.replace("127.0.0.1", "localhost"), "admin", PASSWORD, str(certificates[1] / "ca.pem")
    )
    client = connection.open()
    assert client.info()["version"]["number"]
    client.close()
    stranger = Connection(door, "admin", PASSWORD).open()
    with pytest.raises(StackError, match="SHELFSIGHT_NODE_CA"), node_errors(door):
        stranger.info()
    stranger.close()


@pytest.mark.node
@needs("curl")
@needs("openssl")
@pytest.mark.parametrize(("password", "healthy"), [(PASSWORD, True), ("wrong", False)])
def test_the_nodes_health_check_as_it_is_written(
    certificates: tuple[Path, Path], door: str, password: str, healthy: bool, tmp_path: Path
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/certificates").symlink_to(certificates[0])
    line = SERVICES["opensearch"]["healthcheck"]["test"][1].replace("$$", "$")
    line = line.replace("https://localhost:9200", door)
    environment = {"PATH": os.environ["PATH"], "OPENSEARCH_INITIAL_ADMIN_PASSWORD": password}
    done = subprocess.run(
        ["/bin/sh", "-c", line], cwd=tmp_path, env=environment, capture_output=True, timeout=60
    )
    assert (done.returncode == 0) is healthy, done.stderr.decode()


def broker_line(tmp_path: Path, port: int) -> str:
    """Return the broker's command with the container's paths and port replaced, and no more."""
    (line,) = SERVICES["broker"]["command"]
    configuration = tmp_path / "broker.conf"
    text = (ROOT / "docker/broker.conf").read_text()
    assert "port 6379" in text
    configuration.write_text(text.replace("port 6379", f"port {port}\nbind 127.0.0.1"))
    places = {"/etc/redis/broker.conf": configuration, "/run/redis": tmp_path, "/data": tmp_path}
    for place, ours in places.items():
        assert place in line
        line = line.replace(place, str(ours))
    return str(line.replace("$$", "$"))


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    from shelfsight.local.broker import broker_binary

    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "redis-server").symlink_to(broker_binary())
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    environment = {"PATH": f"{programs}:{os.environ['PATH']}", "BROKER_PASSWORD": PASSWORD}
    words = [*SERVICES["broker"]["entrypoint"], broker_line(tmp_path, port)]
    process = subprocess.Popen(words, env=environment, cwd=tmp_path, stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        # The shell has become the server (exec): it gets the signal and saves.
        assert process.wait(30) == 0


@pytest.mark.broker
def test_the_broker_as_it_is_configured_keeps_everything_and_lets_nobody_in(broker: int) -> None:
    import redis

    with redis.Redis(port=broker) as stranger, pytest.raises(redis.exceptions.AuthenticationError):
        stranger.ping()
    with redis.Redis(port=broker, password=PASSWORD) as own:
        assert own.ping()
        found = own.config_get("maxmemory-policy", "appendonly", "appendfsync", "save")
    assert found == {
        "maxmemory-policy": "noeviction",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
    }


@pytest.mark.broker
def test_the_brokers_password_is_in_no_command_line(broker: int) -> None:
    import psutil

    mine = psutil.Process().children(recursive=True)
    servers = [" ".join(p.cmdline()) for p in mine if "redis" in " ".join(p.cmdline())]
    assert servers
    assert not [line for line in servers if PASSWORD in line]


@pytest.mark.broker
def test_the_worker_and_its_health_check_as_they_are_written(broker: int, tmp_path: Path) -> None:
    service = SERVICES["worker"]
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "HOSTNAME": socket.gethostname(),
        "SHELFSIGHT_NODE_URL": "http://127.0.0.1:9",
        "SHELFSIGHT_BROKER_URL": f"redis://:{PASSWORD}@127.0.0.1:{broker}/0",
        "SHELFSIGHT_HOME": str(tmp_path),
        "SHELFSIGHT_CONCURRENCY": "1",
    }
    check = service["healthcheck"]["test"][1].replace("$$", "$").replace("-t 10", "-t 2")

    def healthy() -> bool:
        words = ["/bin/sh", "-c", check]
        done = subprocess.run(words, env=environment, cwd=tmp_path, capture_output=True, timeout=60)
        return done.returncode == 0

    assert not healthy()
    log = (tmp_path / "worker.log").open("wb")
    words = [*service["entrypoint"], *service["command"]]
    with log, subprocess.Popen(
        words, env=environment, cwd=tmp_path, stdout=log, stderr=log
    ) as worker:  # fmt: skip
        try:
            assert any(healthy() for _ in range(15)), (tmp_path / "worker.log").read_text()
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(60) == 0
        finally:
            worker.kill()
    assert PASSWORD not in (tmp_path / "worker.log").read_text()
