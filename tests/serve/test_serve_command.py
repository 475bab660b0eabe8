import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from mappings.errors import EXIT_ENVIRONMENT, InputError, PortTaken
from shelfsight.commands.serve import listen

ROOT = Path(__file__).resolve().parents[2]


def test_a_taken_port_is_told_with_who_holds_it() -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"Port {port}.*process {os.getpid()}") as caught:
            listen("127.0.0.1", port)
    assert caught.value.exit_code == EXIT_ENVIRONMENT
    assert "--port 0" in caught.value.cure


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid", "2001:db8::1"])
def test_an_address_that_is_not_ours_is_bad_input(host: str) -> None:
    with pytest.raises(InputError, match="no address of this machine"):
        listen(host, 0)


def test_port_zero_takes_a_free_one() -> None:
    with contextlib.closing(listen("127.0.0.1", 0)) as one:
        assert one.getsockname()[1] > 0


def test_the_program_serves_says_where_and_stops_when_told(tmp_path: Path) -> None:
    code = "from shelfsight.commands.serve import serve; serve('127.0.0.1', 0)"
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "SHELFSIGHT_NODE_URL": "http://127.0.0.1:9",
        "SHELFSIGHT_HOME": str(tmp_path),
    }
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True,
    ) as program:  # fmt: skip
        try:
            assert program.stderr is not None
            said = program.stderr.readline()
            found = re.search(r"http://127\.0\.0\.1:\d+", said)
            assert found, said + program.stderr.read()
            with urllib.request.urlopen(f"{found[0]}/live", timeout=30) as answer:
                assert json.load(answer) == {"status": "ok"}
                assert "server" not in {name.lower() for name in answer.headers}
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(f"{found[0]}/health", timeout=30)
            with caught.value as refusal:
                assert refusal.code == 503
                assert json.load(refusal)["status"] in ("starting", "unavailable")
            program.send_signal(signal.SIGTERM)
            assert program.wait(120) in (0, -signal.SIGTERM)
        finally:
            program.kill()
