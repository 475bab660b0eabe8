import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from ingest.celery_app import QUEUE_ORDER
from mappings.rendered import text as rendered_body
from shelfsight.local.artifacts import OPENSEARCH_VERSION
from shelfsight.settings import Settings
from shelfsight.wiring import worker_options

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("worker", "api", "ingest")
SERVERS = ("opensearch", "broker", *OURS[:2])
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(:[-?])?([^}]*)\}")
SECRET = re.compile(r"password|secret|token", re.IGNORECASE)


def variables(value: Any) -> list[tuple[str, str, str]]:
    return VARIABLE.findall(json.dumps(value, ensure_ascii=False))


def settings_variables() -> set[str]:
    return {f"SHELFSIGHT_{name.upper()}" for name in Settings.model_fields}


def test_the_services_are_the_promised_ones() -> None:
    assert set(SERVICES) == {"certificates", *SERVERS, "ingest"}


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_has_a_pinned_tag(name: str) -> None:
    repository, _, tag = SERVICES[name]["image"].rpartition(":")
    assert repository in {"opensearchproject/opensearch", "redis", "shelfsight"}
    assert re.match(r"\d+\.\d+\.\d+", tag)


def test_opensearch_is_the_version_that_is_tested_here() -> None:
    assert SERVICES["opensearch"]["image"] == f"opensearchproject/opensearch:{OPENSEARCH_VERSION}"


def test_our_image_has_the_projects_version() -> None:
    import tomllib

    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert {SERVICES[name]["image"] for name in OURS} == {f"shelfsight:{version}"}


def test_redis_is_a_version_that_is_promised() -> None:
    assert re.match(r"redis:[78]\.", SERVICES["broker"]["image"])


@pytest.mark.parametrize("name", OURS)
def test_every_setting_is_one_that_the_program_reads(name: str) -> None:
    given = {key for key in SERVICES[name]["environment"] if key.startswith("SHELFSIGHT_")}
    assert given <= settings_variables()
    assert given >= {
        f"SHELFSIGHT_{s}"
        for s in ("NODE_URL", "NODE_USER", "NODE_PASSWORD", "NODE_CA", "NODE_VERIFY", "BROKER_URL")
    }


def test_the_settings_can_be_read_with_passwords_filled_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in SERVICES["worker"]["environment"].items():
        monkeypatch.setenv(name, VARIABLE.sub("s3cret", value))
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    connection = settings.connection(settings.node_url)
    assert connection.url == "https://opensearch:9200"
    assert (connection.user, connection.password) == ("admin", "s3cret")
    assert connection.verify
    shown = [repr(settings), str(settings), repr(connection), repr(worker_options(settings))]
    assert not [text for text in shown if "s3cret" in text]
    assert settings.broker_url.get_secret_value() == "redis://:s3cret@broker:6379/0"


def test_the_addresses_are_services_and_the_certificates_names() -> None:
    environment = SERVICES["api"]["environment"]
    host = re.match(r"https://(\w+):9200$", environment["SHELFSIGHT_NODE_URL"])
    assert host
    assert host[1] in SERVICES
    assert f"DNS:{host[1]}" in (ROOT / "docker/certificates.sh").read_text()
    assert "@broker:6379/" in environment["SHELFSIGHT_BROKER_URL"]


def test_all_programs_are_told_the_same() -> None:
    assert len({json.dumps(SERVICES[n]["environment"], sort_keys=True) for n in OURS}) == 1
    assert len({json.dumps(SERVICES[n]["volumes"]) for n in OURS}) == 1


def test_passwords_come_from_the_environment_only() -> None:
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            if SECRET.search(key) or "://:" in str(value):
                assert variables(value), f"{name}: {key}"
                for _, kind, message in variables(value):
                    assert kind == ":?", f"{name}: {key} must have no default"
                    assert ".env" in message
        for line in (service.get("command"), service.get("entrypoint")):
            assert not variables(line), f"{name}: a password in a command line is seen by all"


def test_the_example_environment_names_every_variable_and_no_password() -> None:
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert set(example) == {name for name, _, _ in variables(COMPOSE)}
    for name, kind, default in variables(COMPOSE):
        assert example[name] == ("" if kind == ":?" else default)
    # .env is read by a program started beside it, too: it must not be mistaken for its settings.
    assert not {name.upper() for name in example} & settings_variables()


def test_nothing_but_the_api_is_published_and_that_to_this_machine_only() -> None:
    published = {name: s["ports"] for name, s in SERVICES.items() if "ports" in s}
    assert list(published) == ["api"]
    (port,) = published["api"]
    assert VARIABLE.sub(lambda m: m[3], port) == "127.0.0.1:8000:8000"
    assert not [name for name, s in SERVICES.items() if s.get("network_mode") == "host"]


def test_the_node_the_broker_and_the_workers_are_inside() -> None:
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    for name in ("opensearch", "broker", "worker", "ingest"):
        assert SERVICES[name]["networks"] == ["inside"]


@pytest.mark.parametrize("name", SERVERS)
def test_every_server_has_a_bounded_health_check(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert set(check) >= {"interval", "timeout", "retries"}
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", ["worker", "api", "ingest"])
def test_programs_wait_until_the_servers_are_healthy(name: str) -> None:
    conditions = {k: v["condition"] for k, v in SERVICES[name]["depends_on"].items()}
    assert conditions["opensearch"] == conditions["broker"] == "service_healthy"


def test_the_node_waits_for_its_certificates() -> None:
    needed = SERVICES["opensearch"]["depends_on"]["certificates"]["condition"]
    assert needed == "service_completed_successfully"


def test_what_ends_by_itself_is_awaited_by_what_stays() -> None:
    # `up --wait` counts a container that ended as failed, unless one that stays waited for it.
    once = {n for n, s in SERVICES.items() if s["restart"] == "no" and "profiles" not in s}
    awaited = {
        needed
        for name in SERVERS
        for needed, how in SERVICES[name].get("depends_on", {}).items()
        if how["condition"] == "service_completed_successfully"
    }
    assert once == awaited == {"certificates"}


@pytest.mark.parametrize("name", SERVICES)
def test_nobody_may_gain_privileges(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not service.get("privileged")
    if name != "opensearch":  # writes its configuration at every start
        assert service["read_only"] is True
    if name != "certificates":  # gives one file away, without a network, and ends
        assert "cap_add" not in service


def test_every_volume_is_declared_and_every_declared_one_used() -> None:
    used = {v.split(":")[0] for s in SERVICES.values() for v in s.get("volumes", ())}
    named = {v for v in used if not v.startswith((".", "$"))}
    assert named == set(COMPOSE["volumes"])
    assert "node-data" in named
    assert "broker-data" in named


def test_the_private_key_of_the_node_is_nobody_elses() -> None:
    holders = {n for n, s in SERVICES.items() if "node-certificates" in str(s.get("volumes"))}
    assert holders == {"certificates", "opensearch"}
    for name in OURS:
        assert "authority:/run/authority:ro" in SERVICES[name]["volumes"]


def test_the_catalogue_is_read_only_and_at_one_path_for_all() -> None:
    for name in OURS:
        (mount,) = [v for v in SERVICES[name]["volumes"] if "/catalogue" in v.split("}")[-1]]
        assert mount.endswith(":/catalogue:ro")


def celery_words() -> list[str]:
    worker = SERVICES["worker"]
    return [*worker["entrypoint"], *worker["command"]]


def test_the_worker_serves_every_queue() -> None:
    words = celery_words()
    assert set(words[words.index("-Q") + 1].split(",")) == set(QUEUE_ORDER)


def parsed(command: click.Command, words: list[str]) -> dict[str, Any]:
    """Return the options as celery's own parser reads them; an unknown one is an error."""
    options, rest, _ = command.make_parser(click.Context(command)).parse_args(list(words))
    return options | {"rest": rest}


def test_the_workers_command_is_one_that_celery_understands() -> None:
    from celery.bin.worker import worker

    words = celery_words()
    assert words[:4] == ["celery", "-A", "shelfsight.worker:app", "worker"]
    options = parsed(worker, words[4:])
    assert options["hostname"] == "worker@%h"
    assert options["rest"] == []


def test_the_workers_health_check_asks_this_worker() -> None:
    from celery.bin.control import inspect

    words = shlex.split(SERVICES["worker"]["healthcheck"]["test"][1])
    assert words[:4] == ["celery", "-A", "shelfsight.worker:app", "inspect"]
    options = parsed(inspect, words[4:])
    assert options["destination"] == "worker@$$HOSTNAME"
    assert options["command"] == "ping"


def test_the_workers_application_opens_with_these_settings(tmp_path: Path) -> None:
    given = SERVICES["worker"]["environment"] | {"SHELFSIGHT_HOME": str(tmp_path)}
    filled = {name: VARIABLE.sub("s3cret", value) for name, value in given.items()}
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **filled}
    code = (
        "from shelfsight.worker import app; print(sorted(q.name for q in app.conf.task_queues));"
        " print(app.conf.broker_url)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    queues, broker = done.stdout.splitlines()
    assert queues == str(sorted(QUEUE_ORDER))
    assert broker == "redis://:s3cret@broker:6379/0"


@pytest.mark.parametrize("name", ["api", "ingest"])
def test_the_commands_are_ones_that_the_program_understands(name: str) -> None:
    from typer.main import get_command

    from shelfsight.cli import app

    service = SERVICES[name]
    program, command, *words = [*service.get("entrypoint", ["shelfsight"]), *service["command"]]
    assert program == "shelfsight"
    commands = get_command(app).commands  # type: ignore[attr-defined]
    commands[command].make_context(command, words)


def test_the_apis_health_check_asks_a_path_that_exists_at_the_port_it_listens_on() -> None:
    from serve.app import create_app

    check = SERVICES["api"]["healthcheck"]["test"][-1]
    found = re.search(r"http://127\.0\.0\.1:(\d+)(/\w+)", check)
    assert found
    command = SERVICES["api"]["command"]
    assert found[1] == command[command.index("--port") + 1]
    paths = create_app(lambda: pytest.fail("nobody asks for an engine")).openapi()["paths"]
    assert "get" in paths[found[2]]


def test_index_bodies_name_the_engine_that_both_nodes_have() -> None:
    # The official image has faiss, the packaged node has not: the same body must fit both.
    engines = set(re.findall(r'"engine": "(\w+)"', rendered_body("opensearch")))
    assert engines == {"lucene"}


def test_the_readers_of_this_file_are_told_that_it_was_not_run() -> None:
    head = (ROOT / "docker-compose.yml").read_text("utf-8").split("\nname:")[0]
    assert "has not been run" in head
    assert "docker compose up -d --wait" in head
