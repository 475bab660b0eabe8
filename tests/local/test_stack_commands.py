import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import typer
from typer.testing import CliRunner

from encoders.pictures import PictureDecoder
from shelfsight.commands import stack as commands
from shelfsight.local.plan import StackPlan
from shelfsight.local.stack import up

app = typer.Typer()
for command in (commands.up, commands.down, commands.status, commands.doctor):
    app.command()(command)


@pytest.fixture
def home(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SHELFSIGHT_HOME", str(place))
    return place


def test_status_of_nothing_is_stopped_with_exit_code_3(home: Path) -> None:
    plain = CliRunner().invoke(app, ["status"])
    assert plain.exit_code == 3
    assert "stack stopped" in plain.stdout
    found = CliRunner().invoke(app, ["status", "--json"])
    assert found.exit_code == 3
    assert json.loads(found.stdout)["stage"] == "stopped"
    assert json.loads(found.stdout)["folder"] == str(home)


def test_down_of_nothing_says_so(home: Path) -> None:
    result = CliRunner().invoke(app, ["down"])
    assert (result.exit_code, result.stdout.strip()) == (0, "nothing was running")


@pytest.mark.broker
def test_status_and_down_of_a_running_stack(home: Path) -> None:
    state = up(StackPlan(home, parts=("broker",))).state
    plain = CliRunner().invoke(app, ["status"])
    assert plain.exit_code == 0
    password = urlsplit(state.broker_url).password
    assert password
    assert state.broker_url.replace(f":{password}@", "") in plain.stdout
    assert str(state.processes[0].pid) in plain.stdout
    as_json = CliRunner().invoke(app, ["status", "--json"]).stdout
    assert password not in plain.stdout + as_json
    found = json.loads(as_json)
    assert found["processes"][0]["name"] == "broker"
    assert CliRunner().invoke(app, ["down"]).stdout.strip() == "stopped"


def test_doctor_names_what_is_missing_and_the_cure(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "java"
    (old / "bin").mkdir(parents=True)
    (old / "bin" / "java").touch()
    (old / "release").write_text('JAVA_VERSION="11.0.2"\n')
    found = CliRunner().invoke(app, ["doctor", "--json"])
    checks = {one["name"]: one for one in json.loads(found.stdout)}
    assert checks["Java"]["ok"]
    assert checks["broker program"]["ok"]
    assert checks["stack"] == {
        "name": "stack",
        "ok": False,
        "found": "stopped",
        "cure": "shelfsight up",
        "needed": False,
    }
    assert "Landlock" in checks["picture decoder's locks"]["found"]
    monkeypatch.setattr(PictureDecoder, "missing_locks", lambda _: ("Landlock", "seccomp"))
    found = CliRunner().invoke(app, ["doctor", "--json"])
    checks = {one["name"]: one for one in json.loads(found.stdout)}
    lacking = checks["picture decoder's locks"]
    assert (lacking["ok"], lacking["needed"]) == (False, False)
    assert lacking["found"] == "this kernel lacks Landlock, seccomp"
    assert "5.13" in lacking["cure"]
    monkeypatch.setenv("OPENSEARCH_JAVA_HOME", str(old))
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 3
    assert "holds Java 11.0.2" in result.stdout
    assert "cure: Point it to Java 21 or newer" in result.stdout
