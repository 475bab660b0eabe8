"""What a stack's folder is to whom: the servers' account cannot lead root astray, nobody can read.

As root the servers run as nobody, whose folders may hold a symbolic link in the place of anything.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis

from mappings.errors import InputError, ShelfsightError
from shelfsight.local.account import Account, server_account
from shelfsight.local.child import Child, Service
from shelfsight.local.folder import StackFolder, prepare, private_folder
from shelfsight.local.plan import Endpoints, StackPlan, endpoints
from shelfsight.local.stack import down, up, with_stack
from shelfsight.local.supervisor import ORDER_FILE

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives folders to another user")
STRANGER = 54_321
PLANTED = ("config", "data", "logs", "tmp", "broker.conf", "appendonlydir", "opensearch.yml",
           "log4j2.properties", "opensearch.keystore")  # fmt: skip
"""Names that a start writes, or wrote once, in a folder of the servers' account."""


def as_user(user: int, script: str, *arguments: Path) -> int:
    """Run a shell script as another user; return its exit code."""
    done = subprocess.run(
        ["/bin/sh", "-c", script, "sh", *map(str, arguments)],
        user=user, group=user, extra_groups=[], capture_output=True, check=False, cwd="/",
    )  # fmt: skip
    return done.returncode


class Canary:
    """A file and a folder that must stay as they are."""

    def __init__(self, place: Path) -> None:
        self.file, self.folder = place / "canary", place / "canaries"
        self.folder.mkdir()
        for path in (self.file, *(self.folder / name for name in PLANTED)):
            path.write_text("tweet")
            path.chmod(0o640)
        self.folder.chmod(0o751)
        self.before = self.file_states()

    def file_states(self) -> list[tuple[object, ...]]:
        paths = sorted([self.file, self.folder, *self.folder.rglob("*")])
        return [
            (path, path.is_file() and path.read_bytes(), *os.stat(path)[:6], path.stat().st_mtime)
            for path in paths
        ]


@pytest.fixture
def canary() -> Iterator[Canary]:
    place = Path(tempfile.mkdtemp(prefix="shelfsight-canary-"))
    place.chmod(0o755)
    yield Canary(place)
    shutil.rmtree(place)


def plant(folder: Path, target: Path, user: int) -> None:
    """Let a user put links to a target in the place of all it can below a folder."""
    script = 'for n in $3; do mv "$1/$n" "$1/$n.$$" 2>/dev/null; ln -s "$2" "$1/$n"; done'
    names = Path(" ".join(PLANTED))
    assert as_user(user, script, folder, target, names) == 0


@as_root
@pytest.mark.broker
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_links_planted_before_the_broker_lead_nowhere(
    place: Path, canary: Canary, kind: str
) -> None:
    account = server_account()
    assert account is not None
    folder = prepare(place, account)
    plant(folder.broker, getattr(canary, kind), account.uid)
    with suppress(ShelfsightError):  # with its data replaced it need not start
        up(StackPlan(place, parts=("broker",)))
    down(place)
    assert canary.file_states() == canary.before


@as_root
@pytest.mark.node
def test_links_planted_before_the_node_lead_nowhere(place: Path, canary: Canary) -> None:
    account = server_account()
    assert account is not None
    folder = prepare(place, account)
    plant(folder.node, canary.folder, account.uid)
    with suppress(ShelfsightError):
        up(StackPlan(place, parts=("node",), heap="512m"))
    down(place)
    assert canary.file_states() == canary.before


@as_root
@pytest.mark.parametrize("part", ["node", "broker", "settings", "run", "logs", "ledgers", "spool"])
def test_a_link_in_the_place_of_a_part_is_refused(place: Path, canary: Canary, part: str) -> None:
    (place / part).symlink_to(canary.folder)
    with pytest.raises(InputError, match=f"cannot be made.*{part}"):
        prepare(place, server_account())
    assert canary.file_states() == canary.before


@as_root
@pytest.mark.parametrize(("user", "mode"), [(65_534, 0o755), (STRANGER, 0o700), (0, 0o777)])
def test_root_starts_nothing_where_others_can_write(place: Path, user: int, mode: int) -> None:
    os.chown(place, user, -1)
    place.chmod(mode)
    with pytest.raises(InputError, match="can be written by others than root"):
        prepare(place, server_account())
    assert list(place.iterdir()) == []


@as_root
@pytest.mark.broker
def test_the_servers_account_owns_its_data_and_only_reads_its_settings(place: Path) -> None:
    account = server_account()
    assert account is not None
    with with_stack(StackPlan(place, parts=("broker",))):
        folder = StackFolder(place)
        settings = folder.settings / "broker.conf"
        assert (folder.broker / "appendonlydir").stat().st_uid == account.uid
        assert as_user(account.uid, 'test -r "$1"', settings) == 0
        for script in ('echo x >>"$1"', 'rm -f "$1"', 'mv "$1" "$1.x"', 'ln -s / "${1%/*}/y"'):
            assert as_user(account.uid, script, settings) != 0
        for hidden in (settings, folder.broker, folder.run, folder.logs):
            assert as_user(STRANGER, 'test -r "$1"', hidden) != 0
        for hidden in (folder.run / ORDER_FILE, folder.run / "broker.password"):
            assert as_user(account.uid, 'cat "$1"', hidden) != 0


@pytest.mark.parametrize("account", [None, server_account()])
def test_what_was_open_to_others_is_closed(place: Path, account: Account | None) -> None:
    for part in ("ledgers", "spool", "logs", "run"):
        (place / part).mkdir()
        (place / part).chmod(0o755)
    prepare(place, account)
    for part in ("ledgers", "spool", "logs", "run"):
        assert (place / part).stat().st_mode & 0o777 == 0o700
    if account is None:
        assert place.stat().st_mode & 0o777 == 0o700


def test_the_ledger_is_for_its_owner_also_without_a_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shelfsight.settings import Settings
    from shelfsight.wiring import open_ledger, spool_path

    monkeypatch.setenv("SHELFSIGHT_HOME", str(tmp_path / "home"))
    ledgers = tmp_path / "home" / "ledgers"
    ledgers.mkdir(parents=True)
    open_ledger(Settings()).close()
    for folder in (ledgers, spool_path(Settings())):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_databases_locks_outlive_the_look_at_its_folder(tmp_path: Path) -> None:
    folder = private_folder(tmp_path / "ledgers")
    held = sqlite3.connect(folder / "products.sqlite", isolation_level=None)
    held.execute("CREATE TABLE t (n)")
    held.execute("BEGIN EXCLUSIVE")
    folder.chmod(0o755)
    private_folder(folder)
    prepare(tmp_path, None)
    script = (
        "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN IMMEDIATE')"
    )
    other = subprocess.run(
        [sys.executable, "-c", script, str(folder / "products.sqlite")],
        capture_output=True, text=True,
    )  # fmt: skip
    held.close()
    assert "database is locked" in other.stderr


def test_a_folder_that_cannot_be_made_private_is_left_to_who_writes_there(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert private_folder(tmp_path / "file" / "ledgers") == tmp_path / "file" / "ledgers"


@pytest.mark.broker
def test_the_broker_asks_for_the_password_that_the_address_holds(place: Path) -> None:
    with with_stack(StackPlan(place, parts=("broker",))) as state:
        first = state.broker_url
        parts = urlsplit(first)
        assert parts.password
        assert len(parts.password) > 30
        with redis.Redis.from_url(first) as known:
            assert known.ping()
        stranger = redis.Redis(port=parts.port or 0)
        with pytest.raises(redis.AuthenticationError):
            stranger.ping()
        stranger.close()
        shown = [repr(state), repr(endpoints(state)), repr(StackPlan(place))]
        shown += [log.read_text() for log in (place / "logs").iterdir()]
        assert not [text for text in shown if parts.password in text]
        assert state.processes[0].url == f"redis://127.0.0.1:{parts.port}"
        (secret,) = [
            p for p in (place / "run").iterdir() if p.read_bytes() == parts.password.encode()
        ]
        assert secret.stat().st_mode & 0o777 == 0o600
    with with_stack(StackPlan(place, parts=("broker",))) as state:
        assert state.broker_url == first


def test_environments_and_probes_are_not_shown() -> None:
    one = Child("a", ("b",), {"X": "hunter2"}, "/", "/log", probe="redis://:hunter2@127.0.0.1:1/0")
    two = Service("a", ("b",), {"X": "hunter2"})
    assert "hunter2" not in repr(one) + repr(two) + repr(Endpoints("", "redis://:hunter2@x/0"))
    assert "hunter2" in str(asdict(one))


WRITER = """
import json, os, sys, time
with open(sys.argv[1], "w") as stream:
    json.dump([dict(os.environ), os.getcwd(), sys.path], stream)
time.sleep(600)
"""


def writer(target: Path) -> Callable[[Endpoints], Sequence[Service]]:
    argv = (sys.executable, "-c", WRITER, str(target))
    one = Service("writer", argv, {"OWN": "1"}, ready=lambda: bool(read(target)), after=("broker",))
    return lambda _: [one]


def read(target: Path) -> str:
    return target.read_text() if target.exists() else ""


@pytest.mark.broker
def test_services_get_named_variables_a_private_umask_and_a_folder_of_ours(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CANARY", "AWS_SECRET_ACCESS_KEY", "MY_KEY"):
        monkeypatch.setenv(name, "hunter2")
    monkeypatch.setenv("SHELFSIGHT_PASS_ENV", "MY_KEY, ABSENT")
    monkeypatch.setenv("SHELFSIGHT_SEED", "9")
    monkeypatch.setenv("PYTHONPATH", ":relative:.")
    monkeypatch.chdir(tmp_path)
    target = place / "run" / "target"
    with with_stack(StackPlan(place, parts=("broker",), services=writer(target))):
        environment, folder, path = json.loads(read(target))
        assert target.stat().st_mode & 0o777 == 0o600
        order = (place / "run" / ORDER_FILE).read_text()
    assert folder == str(place / "run")
    assert environment["MY_KEY"] == "hunter2"
    assert (environment["SHELFSIGHT_SEED"], environment["OWN"]) == ("9", "1")
    assert not {"CANARY", "AWS_SECRET_ACCESS_KEY"} & environment.keys()
    assert "CANARY" not in order
    assert not [part for part in path if not os.path.isabs(part) or part.startswith(str(tmp_path))]
