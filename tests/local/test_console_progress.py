import time

import pytest

from shelfsight.local import console_progress


def test_without_a_terminal_the_newest_line_is_printed_and_repeated(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console_progress, "QUIET_SECONDS", 0.01)
    printed = ""
    with console_progress.console_progress() as say:
        say("an older line")
        say("starting node")
        deadline = time.monotonic() + 20
        while printed.count("starting node") < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
            printed += capsys.readouterr().err
    assert printed.count("starting node") >= 2
    assert capsys.readouterr().out == ""


def test_the_default_keeps_nobody_waiting_for_more_than_two_seconds() -> None:
    assert console_progress.QUIET_SECONDS < 2
