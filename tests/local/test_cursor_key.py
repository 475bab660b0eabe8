"""The key of the cursors: made once, for this user's eyes, the same in every process of a home."""

import subprocess
import sys
from pathlib import Path

import pytest

from mappings.errors import StackError
from shelfsight.cursor_key import NAME, cursor_key

ROOT = Path(__file__).resolve().parents[2]


def test_a_key_is_random_kept_and_nobody_elses(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    key = cursor_key(one)
    assert len(key) == 32
    assert cursor_key(one) == key
    assert cursor_key(other) != key
    assert (one / NAME).stat().st_mode & 0o777 == 0o600
    assert [p.name for p in one.iterdir()] == [NAME], "nothing else is left behind"


def test_processes_that_begin_at_once_get_the_same_key(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from shelfsight.cursor_key import cursor_key\n"
        "sys.stdin.readline(); print(cursor_key(Path(sys.argv[1])).hex())"
    )
    begun = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "home")],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(6)
    ]  # fmt: skip
    for process in begun:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    keys = {process.communicate(timeout=60)[0].strip() for process in begun}
    assert keys == {cursor_key(tmp_path / "home").hex()}


@pytest.mark.parametrize("content", [b"", b"short", bytes(33)])
def test_what_is_no_key_is_refused_with_the_cure(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    (tmp_path / NAME).chmod(0o600)
    with pytest.raises(StackError, match=f"has {len(content)} bytes") as caught:
        cursor_key(tmp_path)
    assert "Delete it" in caught.value.cure


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    cursor_key(tmp_path)
    (tmp_path / NAME).chmod(0o640)
    with pytest.raises(StackError, match="mode 640; 32 bytes and mode 600 are allowed"):
        cursor_key(tmp_path)


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(StackError, match="cannot be used: Not a directory"):
        cursor_key(blocked / "home")
