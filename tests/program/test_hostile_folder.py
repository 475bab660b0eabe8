"""Called in a feed's folder, neither the program nor its workers run anything that lies there."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from shelfsight.local.child import Service
from shelfsight.local.plan import Endpoints, StackPlan
from shelfsight.local.stack import with_stack
from shelfsight.local.workers import pool_answers, worker_service
from shelfsight.settings import Settings
from shelfsight.wiring import stack_services, worker_name

BIN = Path(sys.executable).parent
NAMES = """
celery celeryconfig kombu billiard vine redis json typer click rich numpy orjson pydantic PIL
pydantic_settings opensearchpy multiprocessing concurrent torch psutil sitecustomize usercustomize
ingest query mappings encoders serve learn tiny_tasks evil
""".split()  # noqa: SIM905 - a list of words


@pytest.fixture
def marker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a hostile folder; return the file that says which of its modules were run."""
    found, folder = tmp_path / "marker", tmp_path / "feed"
    folder.mkdir()
    for name in NAMES:
        code = f"open({str(found)!r}, 'a').write({name + chr(10)!r})\n"
        (folder / f"{name}.py").write_text(code)
    (folder / ".pdbrc").write_text(f"open({str(found)!r}, 'a').write('pdb')\n")
    (folder / "pyproject.toml").write_text('[tool.uv]\nindex-url = "https://elsewhere.example"\n')
    (folder / ".env").write_text("SHELFSIGHT_NODE_URL=https://elsewhere.example\n")
    packaged = folder / "evil-1.0.dist-info"
    packaged.mkdir()
    (packaged / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n")
    (packaged / "entry_points.txt").write_text("[shelfsight.encoders]\nevil = evil:load\n")
    monkeypatch.chdir(folder)
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    return found


def ran(marker: Path) -> list[str]:
    return sorted(set(marker.read_text().split())) if marker.exists() else []


@pytest.mark.parametrize("program", [(BIN / "shelfsight",), (sys.executable, "-m", "shelfsight")])
@pytest.mark.parametrize("words", [("--help",), ("doctor",), ("search", "x"), ("ingest", "absent")])
def test_the_program_imports_nothing_from_there(
    marker: Path, tmp_path: Path, program: Sequence[str], words: Sequence[str]
) -> None:
    environment = {**os.environ, "SHELFSIGHT_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [*program, *words], env=environment, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert ran(marker) == []
    assert "elsewhere" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


SPAWNS = """
import concurrent.futures, multiprocessing, os, sys
from shelfsight.__main__ import main
if __name__ == "__main__":
    sys.argv = ["shelfsight", "--help"]
    try:
        main()
    except SystemExit:
        pass
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn) as pool:
        assert pool.submit(os.getpid).result() != os.getpid()
"""


def test_processes_that_the_program_spawns_import_nothing_from_there(
    marker: Path, tmp_path: Path
) -> None:
    script = tmp_path / "spawns.py"
    script.write_text(SPAWNS)
    subprocess.run([sys.executable, script], check=True, capture_output=True, timeout=120)
    assert ran(marker) == []


TASKS = """
import os
from celery import Celery
app = Celery(broker=os.environ["BROKER"])
app.conf.worker_pool_start_method = "spawn"
"""


@pytest.mark.broker
def test_a_pool_and_its_spawned_processes_import_nothing_from_there(
    marker: Path, tmp_path: Path, place: Path
) -> None:
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    (tasks / "tiny_tasks.py").write_text(TASKS)

    def services(at: Endpoints) -> Sequence[Service]:
        env = {"BROKER": at.broker_url, "PYTHONPATH": str(tasks)}
        argv = ("-A", "tiny_tasks", "worker", "-c", "1", "-n", "tiny@here", "-l", "WARNING")
        return [worker_service(argv, env, ready=lambda: pool_answers(at.broker_url, "tiny@here"))]

    _starts(place, services)
    assert ran(marker) == []


@pytest.mark.broker
def test_our_own_workers_import_nothing_from_there(
    marker: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TEXT_MODEL", "IMAGE_MODEL"):
        monkeypatch.setenv(f"SHELFSIGHT_{name}", "hash:64")
    monkeypatch.setenv("SHELFSIGHT_HOME", str(place))
    settings = Settings()

    def services(at: Endpoints) -> Sequence[Service]:
        given = Endpoints("http://127.0.0.1:9", at.broker_url)
        (worker,) = [
            one for one in stack_services(settings, given) if one.name == worker_name(settings)
        ]
        log = place / "logs" / f"{worker.name}.log"
        ready = lambda: log.exists() and " ready." in log.read_text()  # noqa: E731
        return [Service(worker.name, worker.argv, worker.env, ready, ("broker",))]

    _starts(place, services)
    assert ran(marker) == []


def _starts(place: Path, services: Callable[[Endpoints], Sequence[Service]]) -> None:
    with with_stack(StackPlan(place, parts=("broker",), services=services)) as state:
        assert [one.stage for one in state.processes] == ["ready", "ready"]
