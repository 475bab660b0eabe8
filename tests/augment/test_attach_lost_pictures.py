"""What becomes of a picture vector when its file is deleted, torn, or on a disk that went away."""

import shutil
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from attach_commands import PICTURED, differing, draw, picture_vectors, pictured
from attach_workshop import backfill, begin, open_shop, shop_writes

from attach.backfill import Backfill, Backfilled
from attach.reconcile import reconcile
from ingest.ledger.changes import Entry
from mappings.attach import Attachment, Mode
from mappings.errors import InputError

pytestmark = pytest.mark.node
COUNT = 40
MODES = ["parallel", "in_place"]


@pytest.fixture
def shop(client: Any, tmp_path: Path) -> Iterator[str]:
    name = f"augment-lost-{uuid.uuid4().hex[:8]}"
    for n in range(COUNT):
        draw(tmp_path / "pictures", n)
    open_shop(client, name, 0, properties=PICTURED)
    shop_writes(client, name, {n: pictured(n) for n in range(COUNT)})
    yield name
    client.indices.delete(index=f"{name}*")


@pytest.fixture(params=MODES)
def attached(client: Any, shop: str, tmp_path: Path, request: pytest.FixtureRequest) -> Attachment:
    mode: Mode = request.param
    made = begin(client, shop, mode)
    assert ended(opened(client, made, tmp_path)).written == COUNT
    return made


def opened(client: Any, attached: Attachment, folder: Path, **more: Any) -> Backfill:
    return backfill(client, attached, folder, root=folder / "pictures", **more)


def ended(filling: Backfill, *, whole: bool = False) -> Backfilled:
    try:
        return reconcile(filling) if whole else filling.run()
    finally:
        filling.embedder.close()


def test_a_few_deleted_files_are_deleted_pictures(
    client: Any, attached: Attachment, tmp_path: Path
) -> None:
    before = picture_vectors(client, attached.index)
    for n in range(4):  # a tenth
        (tmp_path / "pictures" / f"{n}.png").unlink()
    found = ended(opened(client, attached, tmp_path), whole=True)
    assert (found.unread, found.kept, found.is_whole) == ({"missing": 4}, 0, False)
    after = picture_vectors(client, attached.index)
    assert differing(after, before) == {f"p{n:04d}" for n in range(4)}
    assert len(after) == COUNT - 4


def test_more_than_a_tenth_is_a_folder_that_is_away(
    client: Any, attached: Attachment, tmp_path: Path
) -> None:
    before = picture_vectors(client, attached.index)
    for n in range(5):
        (tmp_path / "pictures" / f"{n}.png").unlink()
    (tmp_path / "pictures" / "5.png").write_bytes(b"")  # a copy that was cut short
    found = ended(opened(client, attached, tmp_path), whole=True)
    assert (found.unread, found.kept) == ({}, 6)
    assert not differing(picture_vectors(client, attached.index), before)


def test_a_folder_that_goes_while_it_is_read_costs_a_tenth_at_most(
    client: Any, attached: Attachment, tmp_path: Path
) -> None:
    before = picture_vectors(client, attached.index)
    shop_writes(client, attached.source, {n: pictured(n, title=f"new {n}") for n in range(COUNT)})
    (tmp_path / "pictures" / "0.png").unlink()
    filling = opened(client, attached, tmp_path)
    pictures = filling.embedder.pictures
    living = pictures.living

    def go(asked: Sequence[str]) -> set[str]:
        """The last thing that is done when the known pictures are counted: one is lost then."""
        shutil.rmtree(tmp_path / "pictures")
        return living(asked)

    pictures.living = go
    found = ended(filling)
    assert not (tmp_path / "pictures").exists()
    assert sum(found.unread.values()) <= COUNT // 10
    assert found.kept > 0
    lost = differing(picture_vectors(client, attached.index), before)
    assert len(lost) <= COUNT // 10


def test_deleted_products_may_take_their_pictures_with_them(
    client: Any, attached: Attachment, tmp_path: Path
) -> None:
    for n in range(20):
        client.delete(index=attached.source, id=f"p{n:04d}")
        (tmp_path / "pictures" / f"{n}.png").unlink()
    (tmp_path / "pictures" / "30.png").unlink()  # of 20 that are left, the tenth are 2
    found = ended(opened(client, attached, tmp_path), whole=True)
    assert (found.unread, found.kept) == ({"missing": 1}, 0)
    held = picture_vectors(client, attached.index)
    assert held.keys() == {f"p{n:04d}" for n in range(20, COUNT) if n != 30}


def test_a_picture_that_cannot_be_decoded_is_left_out_and_said_every_time(
    client: Any, attached: Attachment, tmp_path: Path
) -> None:
    (tmp_path / "pictures" / "3.png").write_bytes(b"no picture")
    for _ in range(2):
        found = ended(opened(client, attached, tmp_path), whole=True)
        assert sum(found.unread.values()) == 1
    assert "p0003" not in picture_vectors(client, attached.index)
    draw(tmp_path / "pictures", 3)
    assert ended(opened(client, attached, tmp_path), whole=True).is_whole
    assert "p0003" in picture_vectors(client, attached.index)


def test_without_records_a_picture_that_cannot_be_read_stops_the_run(
    client: Any, attached: Attachment, tmp_path: Path
) -> None:
    before = picture_vectors(client, attached.index)
    (tmp_path / "pictures.sqlite").unlink()
    (tmp_path / "pictures" / "7.png").unlink()
    for _ in range(2):  # what the first run has put on record does not make it complete
        with pytest.raises(InputError, match=r"'7.png' cannot be read.*nothing was erased"):
            ended(opened(client, attached, tmp_path), whole=True)
    assert not differing(picture_vectors(client, attached.index), before)
    found = ended(opened(client, attached, tmp_path, drop_lost=True), whole=True)
    assert found.unread == {"missing": 1}
    (tmp_path / "pictures" / "8.png").unlink()
    assert ended(opened(client, attached, tmp_path), whole=True).unread == {"missing": 2}


def test_without_folder_and_spool_nothing_is_erased(
    client: Any, attached: Attachment, tmp_path: Path
) -> None:
    before = picture_vectors(client, attached.index)
    shutil.rmtree(tmp_path / "pictures")
    shutil.rmtree(tmp_path / "spool")
    client.update(
        index=attached.source, id="p0003", body={"doc": {"title": "purple sofa"}}, refresh=True
    )
    with pytest.raises(InputError, match=r"'3.png' can be made no more"):
        ended(opened(client, attached, tmp_path))
    assert not differing(picture_vectors(client, attached.index), before)


def test_a_picture_that_goes_while_it_is_embedded_is_embedded_when_it_is_back(
    client: Any, attached: Attachment, tmp_path: Path
) -> None:
    before = picture_vectors(client, attached.index)
    draw(tmp_path / "pictures", 3, shade=40)
    filling = opened(client, attached, tmp_path)
    embed = filling.embedder.fill

    def fill(entries: Sequence[Entry]) -> dict[str, dict[str, Any]]:
        (tmp_path / "pictures" / "3.png").unlink(missing_ok=True)
        return embed(entries)

    filling.embedder.fill = fill  # type: ignore[method-assign] # this one only
    assert ended(filling, whole=True).unread == {"missing": 1}
    draw(tmp_path / "pictures", 3, shade=40)
    assert ended(opened(client, attached, tmp_path), whole=True).is_whole
    assert differing(picture_vectors(client, attached.index), before) == {"p0003"}
