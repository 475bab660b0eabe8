"""Commands that hold on to a signal, each in a real process: all end in time, in one line."""

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from stopping import PROMISED_SECONDS

ROOT = Path(__file__).resolve().parents[2]
PRELUDE = """
import hashlib, sys, threading, time
from shelfsight import interruption

def say(word):
    print(word, flush=True)

def say_soon(word):
    threading.Timer(0.3, say, [word]).start()

def command():
{command}

interruption.run(command)
"""
DEAF = """
word = "ready"
while True:
    try:
        say(word)
        time.sleep(600)
    except BaseException:
        word = "heard"
"""
"""Drops whatever is raised, as a library does that tries an import."""

FINALIZER = """
class Resource:
    def __del__(self):
        say("ready")
        time.sleep(600)

resource = Resource()
try:
    del resource
    time.sleep(600)
finally:
    say("cleaned up")
"""
CALLBACK = """
import weakref
class Thing: ...
thing = Thing()
kept = weakref.ref(thing, lambda _: (say("ready"), time.sleep(600)))
try:
    del thing
    time.sleep(600)
finally:
    say("cleaned up")
"""
SOON_BACK_FROM_C = """
say_soon("ready")
try:
    hashlib.pbkdf2_hmac("sha256", b"", b"", 1_000_000)
    time.sleep(600)
finally:
    say("cleaned up")
"""
"""The thread that watches knows of the signal before the main thread does."""

CONVERTED = """
try:
    say("ready")
    time.sleep(600)
except KeyboardInterrupt:
    raise ImportError("numpy's C extensions failed") from None
"""
POOL = """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(1) as pool:
    pool.submit(time.sleep, 600)
    say("ready")
    time.sleep(600)
"""
LEFT_POOL = """
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(1)
pool.submit(time.sleep, 600)
say("ready")
time.sleep(600)
"""
IN_C = """
say_soon("ready")
hashlib.pbkdf2_hmac("sha256", b"", b"", 2_000_000_000)
"""
WORDS = """
interruption.when_ended(lambda: "Three are under way.")
"""
FAULTY_WORDS = """
interruption.when_ended(lambda: 1 / 0)
"""
MINUTE_OF_GRACE = """
interruption.GRACE_SECONDS = 60.0
"""


@contextmanager
def running(command: str, *before: str) -> "Iterator[subprocess.Popen[str]]":
    """Start a command, behind the words ``before``, and wait until it says that it is ready."""
    code = PRELUDE.format(command=textwrap.indent(command, "    "))
    process = subprocess.Popen(
        [*before, sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def ended(process: "subprocess.Popen[str]") -> tuple[str, str]:
    """What it said until it ended, which it must do as soon as is promised."""
    out, err = process.communicate(timeout=PROMISED_SECONDS)
    assert "Traceback" not in err
    assert "ignored" not in err
    return out, err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", [FINALIZER, CALLBACK, SOON_BACK_FROM_C])
def test_an_interrupt_that_python_drops_is_raised_again(command: str, number: int) -> None:
    with running(command) as process:
        process.send_signal(number)
        assert ended(process) == ("cleaned up\n", "shelfsight: stopped\n")
    assert process.returncode == 128 + number


@pytest.mark.parametrize("command", [CONVERTED, LEFT_POOL])
def test_what_an_interrupt_became_and_threads_that_run_on_do_not_matter(command: str) -> None:
    with running(command) as process:
        process.send_signal(signal.SIGINT)
        assert ended(process) == ("", "shelfsight: stopped\n")
    assert process.returncode == 130


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", [DEAF, POOL, IN_C])
def test_a_command_that_does_not_listen_is_ended_with_its_words(command: str, number: int) -> None:
    with running(WORDS + command) as process:
        process.send_signal(number)
        assert ended(process)[1] == "shelfsight: stopped. Three are under way.\n"
    assert process.returncode == 128 + number


def test_words_that_fail_keep_nothing_alive() -> None:
    with running(FAULTY_WORDS + DEAF) as process:
        process.send_signal(signal.SIGINT)
        words = ended(process)[1]
    assert words == "shelfsight: stopped. (ZeroDivisionError: division by zero)\n"


@pytest.mark.parametrize("command", [DEAF, IN_C])
def test_a_second_signal_ends_it_at_once(command: str) -> None:
    with running(MINUTE_OF_GRACE + WORDS + command) as process:
        process.send_signal(signal.SIGINT)
        if command == DEAF:
            assert process.stdout is not None
            assert process.stdout.readline() == "heard\n"
        else:  # two that come before the first is read are one, as ever in Unix
            time.sleep(1)
        process.send_signal(signal.SIGTERM)
        assert "Three are under way." in process.communicate(timeout=30)[1]
    assert process.returncode == 130


@pytest.mark.parametrize(
    "before",
    [
        ("sh", "-c", "trap '' INT TERM; exec \"$@\"", "sh"),
        (sys.executable, "-c", "import os, signal, sys;"
         "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGTERM]);"
         "os.execv(sys.argv[1], sys.argv[1:])"),
    ],
    ids=["ignored", "blocked"],
)  # fmt: skip
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_that_its_starter_ignored_or_blocked_are_heard(
    before: tuple[str, ...], number: int
) -> None:
    with running('say("ready"); time.sleep(600)', *before) as process:
        process.send_signal(number)
        assert ended(process)[1] == "shelfsight: stopped\n"
    assert process.returncode == 128 + number


def test_a_reader_that_reads_nothing_does_not_keep_it_alive() -> None:
    fill = "import os; os.set_blocking(2, False)\nwhile True:\n    try: os.write(2, b'x' * 4096)\n"
    fill += "    except BlockingIOError: break\nos.set_blocking(2, True)\n"
    with running(fill + DEAF) as process:
        process.send_signal(signal.SIGINT)
        assert process.wait(PROMISED_SECONDS) == 130


def test_without_a_signal_an_end_is_what_it_was() -> None:
    for command, code, words in (
        ("sys.exit(3)", 3, ""),
        ("pass", 0, ""),
        ("1 / 0", 1, "ZeroDivisionError"),
        ("class A:\n    def __del__(self): 1 / 0\nA()", 0, "ZeroDivisionError"),
    ):
        with running(f'say("ready")\n{command}') as process:
            err = process.communicate(timeout=60)[1]
        assert (process.returncode, words in err, bool(err)) == (code, True, bool(words)), err


def test_after_the_command_a_signal_ends_the_process_in_silence() -> None:
    last = "import threading; threading.Thread(target=lambda: (time.sleep(1), say('ready'),"
    with running(last + " time.sleep(600))).start()") as process:
        process.send_signal(signal.SIGINT)
        assert ended(process) == ("", "")
    assert process.returncode == -signal.SIGINT


@pytest.mark.parametrize("part", range(10))
def test_from_its_first_instant_no_traceback_is_printed(tmp_path: Path, part: int) -> None:
    """Started as ``run`` does it, for Python's own start would print one."""
    process = subprocess.Popen(
        ["env", "--block-signal=INT", sys.executable, "-m", "shelfsight", "ingest-status"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "SHELFSIGHT_HOME": str(tmp_path)},
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    time.sleep((part + random.Random(part).random()) * 0.02)
    process.send_signal(signal.SIGINT)
    _, err = ended(process)
    expected = {130: "shelfsight: stopped\n", 0: "", -signal.SIGINT: ""}
    assert err == expected[process.returncode]


def test_the_cursor_is_back_on_a_terminal() -> None:
    ours, theirs = os.openpty()
    command = f'import os; os.dup2({theirs}, 2); print("\\x1b[?25l", file=sys.stderr)\n'
    code = PRELUDE.format(command=textwrap.indent(command + DEAF, "    "))
    process = subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, pass_fds=[theirs],
    )  # fmt: skip
    with process, os.fdopen(ours, "rb", buffering=0) as screen:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        process.wait(PROMISED_SECONDS)
        drawn = screen.read(1000)
    os.close(theirs)
    assert drawn.index(b"\x1b[?25h") > drawn.index(b"\x1b[?25l")
