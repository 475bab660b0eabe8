import sys
from pathlib import Path

import pytest

from mappings.errors import StackError
from shelfsight.guard import require_own_packages


def test_our_own_packages_pass() -> None:
    require_own_packages()


def test_a_foreign_package_of_the_same_name_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "query").mkdir()
    (tmp_path / "query" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "query", raising=False)
    with pytest.raises(StackError, match="'query' is not Shelfsight's own") as caught:
        require_own_packages()
    assert str(tmp_path) in caught.value.problem
