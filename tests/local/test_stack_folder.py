import os
import shutil
from pathlib import Path

import pytest

from mappings.errors import DiskFull, InputError
from shelfsight.local.account import Account, can_read, server_account
from shelfsight.local.folder import (
    ROOT_BASE,
    cache_folder,
    prepare,
    project_folder,
    require_room,
    runtime_folder,
    stack_folder,
)

NOBODY = Account("nobody", 65534, 65534)


def test_the_cache_is_chosen_in_order() -> None:
    environ = {"SHELFSIGHT_CACHE": "/a", "XDG_CACHE_HOME": "/b"}
    assert cache_folder(environ) == Path("/a")
    assert cache_folder({"XDG_CACHE_HOME": "/b"}) == Path("/b/shelfsight")
    assert cache_folder({}) == Path.home() / ".cache" / "shelfsight"


def test_data_lies_in_the_project_unless_root_or_told_otherwise(tmp_path: Path) -> None:
    assert stack_folder({}, tmp_path, None) == tmp_path / ".shelfsight"
    assert stack_folder({"SHELFSIGHT_HOME": "/x"}, tmp_path, NOBODY) == Path("/x")
    of_root = stack_folder({}, tmp_path, NOBODY)
    assert of_root.parent == ROOT_BASE
    assert of_root == stack_folder({}, tmp_path, NOBODY)
    assert of_root != stack_folder({}, tmp_path / "other", NOBODY)


def test_programs_are_shared_by_a_user_or_by_the_machine() -> None:
    assert runtime_folder({"SHELFSIGHT_CACHE": "/a"}, None) == Path("/a/runtime")
    assert runtime_folder({"SHELFSIGHT_CACHE": "/a"}, NOBODY) == ROOT_BASE / "runtime"


def test_a_sub_folder_belongs_to_its_project(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert project_folder(deep) == tmp_path


def test_a_full_disk_is_named_with_what_is_needed(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    with pytest.raises(DiskFull, match=r"MiB free; \d+ are needed") as got:
        require_room(tmp_path / "absent" / "deeper", free * 2)
    assert got.value.exit_code == 3
    assert require_room(tmp_path, 1) > 0


def test_a_folder_that_cannot_be_made_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be made"):
        prepare(tmp_path / "file" / "stack", None)


@pytest.mark.skipif(os.geteuid() != 0, reason="gives folders to another user, which only root may")
def test_root_may_not_keep_data_where_the_server_user_cannot_enter(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    with pytest.raises(InputError, match="cannot be entered by the user nobody"):
        prepare(private / "stack", server_account())


def test_permission_bits_decide_for_a_stranger(tmp_path: Path) -> None:
    open_file = tmp_path / "file"
    open_file.touch(mode=0o600)
    stranger = Account("stranger", 54321, 54321)
    assert can_read(open_file, None)
    assert not can_read(open_file, stranger)
    assert not can_read(tmp_path / "absent", stranger)
