"""The life of a stack: one start, one end, whatever is killed. Real processes, mostly a broker."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from stopping import PROMISED_SECONDS

from mappings.errors import BrokerUnreachable, PortTaken, StackError
from shelfsight.local import orphans
from shelfsight.local.child import Service
from shelfsight.local.plan import Endpoints, StackPlan
from shelfsight.local.stack import down, running_stack, status, up, with_stack
from shelfsight.local.state import STATE_FILE, lives
from shelfsight.local.workers import pool_answers, worker_service

pytestmark = pytest.mark.broker
ROOT = Path(__file__).resolve().parents[2]

FOREGROUND = """
import sys, time
from pathlib import Path
from shelfsight.local.plan import StackPlan
from shelfsight.local.stack import with_stack
with with_stack(StackPlan(Path(sys.argv[1]), parts=("broker",))) as state:
    print("ready", flush=True)
    time.sleep(120)
"""
UP = """
import sys
from pathlib import Path
from shelfsight.local.plan import StackPlan
from shelfsight.local.stack import up
print(up(StackPlan(Path(sys.argv[1]), parts=("broker",))).state.supervisor, flush=True)
"""

# A service that answers only once a flag is there.
SLOW_UP = """
import sys
from pathlib import Path
from shelfsight.local.child import Service
from shelfsight.local.plan import StackPlan
from shelfsight.local.ports import choose
from shelfsight.local.stack import up
port = choose("the slow one", None, None, ())
code = "import http.server, os, sys, time;"
code += "flag, port = sys.argv[1:];"
code += "exec('while not os.path.exists(flag): time.sleep(0.05)');"
code += "http.server.test(http.server.SimpleHTTPRequestHandler, port=int(port), bind='127.0.0.1')"
argv = (sys.executable, "-c", code, sys.argv[1] + "/flag", str(port))
slow = Service("slow", argv, after=("broker",), probe=f"http://127.0.0.1:{port}/")
up(StackPlan(Path(sys.argv[1]), parts=("broker",), services=lambda _: [slow]))
"""
STOPPED_UP = f"""
from shelfsight import interruption
interruption.run(lambda: exec({SLOW_UP!r}, {{}}))
"""


def core(place: Path) -> StackPlan:
    return StackPlan(place, parts=("broker",))


def sleeper(name: str = "sleeper", code: str = "import time; time.sleep(600)") -> Service:
    return Service(name, (sys.executable, "-c", code), after=("broker",), grace=5.0)


def eventually(condition: Callable[[], bool], seconds: float = 60.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


def run_python(code: str, place: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code, str(place)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def processes_in(place: Path) -> list[int]:
    """The stack's processes and their supervisor, which may not have told of itself."""
    supervisors = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if "shelfsight.local.supervisor" in process.cmdline() and (
                str(place) in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE
            ):
                supervisors.append(process.pid)
    return supervisors + orphans.find(place)


def test_the_broker_answers_drops_nothing_and_keeps_what_is_queued(place: Path) -> None:
    import redis

    with with_stack(core(place)) as state:
        client = redis.Redis.from_url(state.broker_url)
        assert client.ping()
        policy = client.config_get("maxmemory-policy", "appendonly", "appendfsync")
        assert policy["maxmemory-policy"] == "noeviction"
        assert (policy["appendonly"], policy["appendfsync"]) == ("yes", "everysec")
        client.rpush("queue", "task")
        client.close()
        first = state.broker_url
    with with_stack(core(place)) as state:
        assert state.broker_url == first
        client = redis.Redis.from_url(state.broker_url)
        assert client.lrange("queue", 0, -1) == [b"task"]
        client.close()


def test_a_second_start_finds_the_first_and_ends_nothing(place: Path) -> None:
    first = up(core(place))
    with with_stack(core(place)) as state:
        assert state.supervisor == first.state.supervisor
    assert status(place).stage == "ready"
    assert down(place)
    assert status(place).stage == "stopped"
    assert not down(place)


def test_two_starts_at_once_end_in_one_stack(place: Path) -> None:
    both = [run_python(UP, place) for _ in range(2)]
    said = [one.communicate(timeout=60)[0].strip() for one in both]
    assert [one.returncode for one in both] == [0, 0]
    assert said[0] == said[1] == str(status(place).supervisor)
    assert len(orphans.find(place)) == 1


def test_a_start_goes_on_when_its_starter_is_killed(place: Path) -> None:
    with run_python(SLOW_UP, place) as starter:
        assert eventually(lambda: any(one.stage == "ready" for one in status(place).processes))
        starter.kill()
    begun = status(place)
    assert begun.stage == "starting"
    (place / "flag").touch()
    found = up(core(place))
    assert not found.ours
    assert found.state.supervisor == begun.supervisor
    assert [one.stage for one in found.state.processes] == ["ready", "ready"]


@pytest.mark.parametrize("part", range(5))
def test_a_start_that_is_stopped_at_any_instant_leaves_no_process(place: Path, part: int) -> None:
    number = (signal.SIGTERM, signal.SIGINT)[part % 2]
    with run_python(STOPPED_UP, place) as starter:
        time.sleep(0.3 + (part + random.Random(part).random()) * 0.4)
        starter.send_signal(number)
        try:
            starter.wait(PROMISED_SECONDS)
        finally:
            starter.kill()
    assert starter.returncode in (128 + number, -number)
    assert eventually(lambda: processes_in(place) == [], 60)


def test_a_start_that_is_stopped_before_its_supervisor_speaks_leaves_no_process(
    place: Path,
) -> None:
    with run_python(STOPPED_UP, place) as starter:
        assert eventually(lambda: processes_in(place) != [], 60)
        (supervisor,) = processes_in(place)
        os.kill(supervisor, signal.SIGSTOP)  # as long as the starter lives
        starter.send_signal(signal.SIGINT)
        try:
            starter.wait(PROMISED_SECONDS)
        finally:
            starter.kill()
            os.kill(supervisor, signal.SIGCONT)
    assert starter.returncode == 130
    assert eventually(lambda: processes_in(place) == [], 60)


def test_a_killed_foreground_program_leaves_no_process(place: Path) -> None:
    with run_python(FOREGROUND, place) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        state = status(place)
        parent.kill()
    assert eventually(lambda: not lives(state.supervisor, state.created))
    assert eventually(lambda: orphans.find(place) == [])


def test_ctrl_c_ends_the_stack_of_a_foreground_program(place: Path) -> None:
    with run_python(FOREGROUND.replace("time.sleep(120)", "signal_me()"), place) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
    assert parent.returncode == 1  # NameError went through the block
    assert orphans.find(place) == []
    assert status(place).stage == "stopped"
    with run_python(FOREGROUND, place) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        parent.send_signal(signal.SIGINT)
    assert orphans.find(place) == []
    assert status(place).stage == "stopped"


def test_a_killed_supervisor_leaves_no_process_and_the_next_start_works(place: Path) -> None:
    family = sleeper(
        code="import subprocess, sys, time;"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        "time.sleep(600)"
    )
    started = up(StackPlan(place, parts=("broker",), services=lambda _: [family]))
    assert eventually(lambda: len(orphans.find(place)) == 3)
    os.kill(started.state.supervisor, signal.SIGKILL)
    # The kernel ends what the supervisor started; a grandchild may outlive it until the next start.
    assert eventually(lambda: len(orphans.find(place)) <= 1)
    assert status(place).stage == "stopped"
    again = up(core(place))
    assert again.ours
    assert len(orphans.find(place)) == 1


HIDDEN = """
import signal, time
from encoders.sandbox.locks import hide
signal.signal(signal.SIGTERM, signal.SIG_IGN)
hide()
open("hidden", "w").close()
time.sleep(600)
"""


def test_a_hidden_process_that_a_crash_left_behind_is_found(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psutil  # type: ignore[import-untyped,unused-ignore]

    started = up(StackPlan(place, parts=("broker",), services=lambda _: [sleeper(code=HIDDEN)]))
    hidden = started.state.processes[1].pid
    assert eventually((place / "run" / "hidden").exists)
    os.kill(started.state.supervisor, signal.SIGKILL)
    shown = psutil.Process.environ

    def environ(process: psutil.Process) -> dict[str, str]:
        """Show root, who sees everything, what another user would see."""
        if process.pid == hidden:
            raise psutil.AccessDenied(hidden)
        return dict(shown(process))

    monkeypatch.setattr(psutil.Process, "environ", environ)
    assert eventually(lambda: orphans.find(place) == [hidden])
    monkeypatch.setattr(psutil.Process, "status", lambda _: psutil.STATUS_ZOMBIE)
    assert orphans.find(place) == []  # has ended, and waits for its parent to notice
    monkeypatch.undo()
    monkeypatch.setattr(psutil.Process, "environ", environ)
    assert down(place)
    assert orphans.find(place) == []


def test_a_killed_part_is_noticed_and_started_again(place: Path) -> None:
    first = up(core(place)).state
    os.kill(first.processes[0].pid, signal.SIGKILL)
    assert eventually(lambda: status(place).processes[0].stage == "ended")
    second = up(core(place))
    assert second.ours
    assert second.state.processes[0].pid != first.processes[0].pid


def test_services_get_the_urls_and_are_added_to_a_running_stack(place: Path) -> None:
    mark = place / "mark"

    def services(at: Endpoints) -> Sequence[Service]:
        code = "import os, time; open(os.environ['MARK'], 'w').write(os.environ['URL']);"
        env = {"MARK": str(mark), "URL": at.broker_url}
        argv = (sys.executable, "-c", code + "time.sleep(600)")
        return [Service("writer", argv, env, ready=mark.exists, after=("broker",))]

    up(core(place))
    both = up(StackPlan(place, parts=("broker",), services=services))
    assert not both.ours
    assert [one.name for one in both.state.processes] == ["broker", "writer"]
    assert eventually(lambda: mark.read_text() == both.state.broker_url)
    with running_stack(place, services=("broker",)) as state:
        assert len(state.processes) == 2


def test_a_service_that_ends_at_once_is_an_error_with_its_log(place: Path) -> None:
    argv = (sys.executable, "-c", "import time; time.sleep(0.5); raise SystemExit('no such thing')")
    faulty = Service("faulty", argv, after=("broker",), probe="http://127.0.0.1:1/")
    with pytest.raises(StackError, match=r"(?s)faulty ended with code 1.*no such thing") as got:
        up(StackPlan(place, parts=("broker",), services=lambda _: [faulty]))
    assert "doctor" in got.value.cure
    assert orphans.find(place) == []


def test_an_added_service_that_fails_leaves_the_rest_running(place: Path) -> None:
    flag = place / "flag"
    code = f"import os, time; os.stat({str(flag)!r}); time.sleep(600)"
    moody = Service(
        "moody", (sys.executable, "-c", code), ready=lambda: flag.exists(), after=("broker",)
    )
    plan = StackPlan(place, parts=("broker",), services=lambda _: [moody])
    first = up(core(place)).state
    late = Service("late", ("/does/not/exist",), after=("broker",))
    with pytest.raises(StackError, match="late could not be run"):
        up(StackPlan(place, parts=("broker",), services=lambda _: [late]))
    assert up(core(place)).state.supervisor == first.supervisor
    flag.touch()
    again = up(plan)
    assert not again.ours
    moody_pid = next(one.pid for one in again.state.processes if one.name == "moody")
    os.kill(moody_pid, signal.SIGKILL)
    assert eventually(lambda: status(place).processes[-1].stage == "ended")
    third = up(plan).state
    assert third.supervisor == first.supervisor
    assert third.processes[-1].pid != moody_pid


def test_a_command_that_does_not_exist_is_an_error(place: Path) -> None:
    absent = Service("absent", ("/does/not/exist",), after=("broker",))
    with pytest.raises(StackError, match="absent could not be run"):
        up(StackPlan(place, parts=("broker",), services=lambda _: [absent]))


def test_a_taken_broker_port_is_named_before_anything_starts(place: Path) -> None:
    with running_stack(None, services=("broker",)) as other:
        port = int(other.broker_url.rsplit(":", 1)[1].split("/")[0])
        with pytest.raises(PortTaken, match=rf"Port {port}.*valkey-server"):
            up(StackPlan(place, parts=("broker",), broker_port=port))
    assert not (place / "run" / STATE_FILE).exists()


def test_a_broker_that_cannot_read_its_data_says_so(place: Path) -> None:
    up(core(place))
    down(place)
    for part in (place / "broker" / "appendonlydir").glob("*.manifest"):
        part.write_text("not a manifest\n")
    with pytest.raises(BrokerUnreachable, match="broker ended with code 1"):
        up(core(place))


def test_a_celery_pool_runs_as_a_service(place: Path) -> None:
    (place / "tiny_tasks.py").write_text(
        "import os\nfrom celery import Celery\napp = Celery(broker=os.environ['BROKER'])\n"
    )

    def services(at: Endpoints) -> Sequence[Service]:
        env = {"BROKER": at.broker_url, "PYTHONPATH": str(place)}
        argv = ("-A", "tiny_tasks", "worker", "-c", "1", "-n", "tiny@here", "-l", "WARNING")
        ready = lambda: pool_answers(at.broker_url, "tiny@here")  # noqa: E731
        return [worker_service(argv, env, ready=ready)]

    with with_stack(StackPlan(place, parts=("broker",), services=services)) as state:
        assert pool_answers(state.broker_url)
        assert not pool_answers(state.broker_url, "absent@here")
        assert len(orphans.find(place)) >= 3
    assert orphans.find(place) == []
    assert not pool_answers(state.broker_url)
