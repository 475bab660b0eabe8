"""Stopping a program as an operator does, and what it has promised then."""

import subprocess

import psutil

PROMISED_SECONDS = 5.0
"""From a signal until the program has ended; what it started may take longer to close its files."""


def stopped(process: "subprocess.Popen[str]", number: int) -> str:
    """Stop a program with a signal; return its words. It must end in time, its children too."""
    below = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    try:
        _, words = process.communicate(timeout=PROMISED_SECONDS)
    finally:
        process.kill()
    assert "Traceback" not in words
    assert psutil.wait_procs(below, timeout=PROMISED_SECONDS)[1] == []
    return words
