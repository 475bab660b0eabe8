"""Picture vectors stay until the shop takes the picture away: every command, both modes."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attach_commands import (
    PICTURED,
    Commands,
    differing,
    draw,
    picture_vectors,
    pictured,
)
from attach_workshop import open_shop, shop_writes

pytestmark = pytest.mark.node
COUNT = 30
MODES = ["parallel", "in_place"]


@pytest.fixture
def shop(client: Any, tmp_path: Path) -> Iterator[str]:
    name = f"augment-pictured-{uuid.uuid4().hex[:8]}"
    for n in range(COUNT):
        draw(tmp_path / "pictures", n)
    documents = {n: pictured(n) for n in range(COUNT)}
    open_shop(client, name, 0, properties=PICTURED)
    shop_writes(client, name, documents)
    yield name
    client.indices.delete(index=f"{name}*")
    client.delete_script(id=f"shelfsight-{name}-v1", ignore=404)


@pytest.mark.parametrize("mode", MODES)
def test_the_pictures_folder_is_named_once(
    client: Any, shop: str, attach: Commands, mode: str
) -> None:
    folder = attach.home / "pictures"
    first = attach("--index", shop, "--mode", mode, "--pictures", str(folder), "--yes")
    before = picture_vectors(client, first["index"])
    assert len(before) == COUNT

    done = attach("reconcile", "--index", shop)
    assert (done["written"], done["unread"]) == (0, {})
    assert not differing(picture_vectors(client, first["index"]), before)

    client.update(index=shop, id="p0001", body={"doc": {"price": 1.5}})
    shop_writes(client, shop, {2: pictured(2, price=2.5), 3: pictured(3, title="purple sofa")})
    attach("--index", shop, "--yes")
    assert not differing(picture_vectors(client, first["index"]), before)

    draw(folder, 4, shade=90)
    attach("reconcile", "--index", shop)
    assert differing(picture_vectors(client, first["index"]), before) == {"p0004"}

    shop_writes(client, shop, {5: pictured(5) | {"image": []}})
    attach("--index", shop, "--yes")
    assert picture_vectors(client, first["index"]).keys() == before.keys() - {"p0005"}

    status = attach("status", "--index", shop)
    assert status["with_picture_vectors"] == COUNT - 1
    assert status["pictures"] == str(folder)


@pytest.mark.parametrize("mode", MODES)
def test_a_folder_that_is_away_erases_nothing_and_is_said(
    client: Any, shop: str, attach: Commands, mode: str
) -> None:
    folder, away = attach.home / "pictures", attach.home / "away"
    first = attach("--index", shop, "--mode", mode, "--pictures", str(folder), "--yes")
    before = picture_vectors(client, first["index"])
    folder.rename(away)
    shop_writes(client, shop, {1: pictured(1, price=1.5), 2: pictured(2, title="purple sofa")})
    done = attach("--index", shop, "--yes", code=1)
    assert done["kept"] == 2
    assert "their vectors were kept" in attach.err
    assert not differing(picture_vectors(client, first["index"]), before)
    folder.mkdir()  # as an empty mount point is
    assert attach("reconcile", "--index", shop, code=1)["kept"] == COUNT
    assert f"{COUNT} of the {COUNT} pictures" in attach.err
    assert not differing(picture_vectors(client, first["index"]), before)
    folder.rmdir()
    away.rename(folder)
    assert attach("reconcile", "--index", shop)["kept"] == 0
    shutil.rmtree(folder)
    attach("reconcile", "--index", shop, "--yes", code=1)
    assert picture_vectors(client, first["index"]) == {}
    assert attach("status", "--index", shop)["with_picture_vectors"] == 0
