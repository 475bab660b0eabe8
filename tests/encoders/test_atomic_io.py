"""A file is replaced in one step; a write that fails says where and leaves the old one."""

from pathlib import Path

import pytest

from encoders.atomic_io import write_atomically


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    write_atomically(path, "红色")
    write_atomically(path, b"\x00\x01")
    assert path.read_bytes() == b"\x00\x01"
    write_atomically(path, "红色")
    assert path.read_text("utf-8") == "红色"
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_says_where(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as error:
        write_atomically(tmp_path / "absent" / "card.json", "x")
    assert str(tmp_path / "absent") in str(error.value.filename)
