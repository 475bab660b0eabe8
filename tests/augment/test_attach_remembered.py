"""What is given once when attaching holds: mode, columns, models, profiles, bodies, the name."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attach_commands import PICTURED, Commands, draw, picture_vectors, pictured
from attach_workshop import open_shop, shop_writes

pytestmark = pytest.mark.node
COUNT = 24


@pytest.fixture
def alias(client: Any, tmp_path: Path) -> Iterator[str]:
    """An alias of a shop whose index is built anew now and then."""
    name = f"augment-memory-{uuid.uuid4().hex[:8]}"
    for n in range(COUNT):
        draw(tmp_path / "pictures", n)
    build(client, name, 1)
    yield name
    client.indices.delete(index=f"{name}*")
    client.delete_script(id=f"shelfsight-{name}-v1", ignore=404)


def build(client: Any, alias: str, generation: int, **properties: Any) -> str:
    """Build the shop's index anew, let the alias name it, and delete the one before."""
    name = f"{alias}-v{generation}"
    open_shop(client, name, 0, properties=PICTURED | properties)
    shop_writes(client, name, {n: pictured(n) for n in range(COUNT)})
    client.indices.put_alias(index=name, name=alias)
    client.indices.delete(index=f"{alias}-v{generation - 1}", ignore=404)
    return name


def weights(client: Any, alias: str) -> str:
    stored = client.get_script(id=f"shelfsight-{alias}-v1")["script"]["source"]
    return str(stored)


def test_the_mode_is_asked_once_and_never_doubled(
    client: Any, alias: str, attach: Commands
) -> None:
    folder = str(attach.home / "pictures")
    attach("--index", alias, "--mode", "in_place", "--pictures", folder, "--yes")
    shop_writes(client, alias, {1: pictured(1, title="purple sofa")})
    assert attach("--index", alias, "--yes")["index"] == f"{alias}-v1"
    assert not client.indices.exists(index=f"{alias}-shelfsight*", allow_no_indices=False)
    found = attach("--index", alias, "--mode", "parallel", code=2)
    assert "already, in mode in_place" in found["hindrances"][0]["problem"]
    assert "in mode in_place" in attach("--index", alias, "--mode", "parallel", "--yes", code=2)


def test_an_index_has_one_attachment_whatever_name_it_is_called_by(
    client: Any, alias: str, attach: Commands
) -> None:
    folder = str(attach.home / "pictures")
    attach("--index", alias, "--pictures", folder, "--yes")
    found = attach("--index", f"{alias}-v1", code=2)
    assert f"under the name {alias!r}" in found["hindrances"][0]["problem"]
    assert f"--index {alias}" in found["hindrances"][0]["cure"]


def test_an_index_that_is_built_anew_is_read_as_the_one_before(
    client: Any, alias: str, attach: Commands
) -> None:
    columns = attach.home / "columns.toml"
    columns.write_text('[columns]\ntitle = ["title", "tags"]\npictures = ["image"]\n')
    bodies = attach.home / "bodies.jsonl"
    bodies.write_text('{"query": {"function_score": {"query": {"match_all": {}}, "weight": 40}}}\n')
    pictures = attach.home / "pictures"
    given = ("--columns", str(columns), "--pictures", str(pictures), "--bodies", str(bodies))
    first = attach("--index", alias, *given, "--yes")
    before = attach("status", "--index", alias)
    build(client, alias, 2)
    away = pictures.rename(attach.home / "away")
    assert "None of the pictures" in attach("--index", alias, "--yes", code=2)
    assert len(picture_vectors(client, first["index"])) == COUNT
    away.rename(pictures)
    second = attach("--index", alias, "--yes")
    assert second["index"] != first["index"]
    after = attach("status", "--index", alias)
    for name in ("columns", "lexical_scale", "pictures", "with_picture_vectors"):
        assert after[name] == before[name], name
    assert len(picture_vectors(client, second["index"])) == COUNT


def test_columns_that_the_new_index_lacks_are_asked_for(
    client: Any, alias: str, attach: Commands
) -> None:
    folder = str(attach.home / "pictures")
    columns = attach.home / "columns.toml"
    build(client, alias, 2, colour={"type": "keyword"})
    columns.write_text('[columns]\ntitle = ["title"]\nattributes = ["colour"]\n')
    first = attach("--index", alias, "--columns", str(columns), "--pictures", folder, "--yes")
    build(client, alias, 3)
    found = attach("--index", alias, code=2)
    assert "it lacks colour" in found["hindrances"][0]["problem"]
    assert found["columns"]["attributes"] == ["tags"], "what it would take is shown"
    assert "it lacks colour" in attach("--index", alias, "--yes", code=2)
    assert client.indices.exists(index=first["index"])
    columns.write_text('[columns]\ntitle = ["title"]\n')
    attach("--index", alias, "--columns", str(columns), "--yes")


def test_models_are_those_of_the_first_time_until_others_are_named(
    client: Any, alias: str, attach: Commands
) -> None:
    folder = str(attach.home / "pictures")
    first = attach("--index", alias, "--pictures", folder, "--yes")
    build(client, alias, 2)
    for name in ("SHELFSIGHT_TEXT_MODEL", "SHELFSIGHT_IMAGE_MODEL"):
        del attach.environment[name]
    attach("--index", alias, "--yes")
    status = attach("status", "--index", alias)
    assert status["inputs"]["text_model"] == "hash:16"
    found = attach("--index", alias, SHELFSIGHT_TEXT_MODEL="hash:32")
    assert any("text_model is 'hash:32' now and was 'hash:16'" in c for c in found["changes"])
    third = attach("--index", alias, "--yes", SHELFSIGHT_TEXT_MODEL="hash:32")
    assert third["written"] == COUNT
    assert third["index"] != first["index"]
    assert len(next(iter(picture_vectors(client, third["index"]).values()))) == 32


def test_the_templates_weights_stay_those_of_the_profiles_once_given(
    client: Any, alias: str, attach: Commands
) -> None:
    folder = str(attach.home / "pictures")
    attach("--index", alias, "--pictures", folder, "--yes")
    plain = weights(client, alias)
    profiles = attach.home / "profiles.toml"
    profiles.write_text("[profiles.default]\nlexical = 0.25\n")
    attach("--index", alias, "--yes", SHELFSIGHT_CONFIG=str(profiles))
    own = weights(client, alias)
    assert own != plain
    attach("--index", alias, "--yes")
    assert weights(client, alias) == own
    profiles.unlink()
    assert "profiles.toml" in attach("--index", alias, "--yes", code=2)
    assert weights(client, alias) == own


def test_pictures_that_were_never_named_are_left_out_aloud_and_may_come_later(
    client: Any, alias: str, attach: Commands
) -> None:
    first = attach("--index", alias, "--yes", code=1)
    assert first["unread"] == {"no_model": COUNT}
    assert "--pictures FOLDER" in attach.err
    assert attach("status", "--index", alias)["with_picture_vectors"] == 0
    assert "There is no folder" in attach(
        "--index", alias, "--pictures", str(attach.home / "nosuch"), "--yes", code=2
    )
    folder = str(attach.home / "pictures")
    attach("--index", alias, "--pictures", folder, "--yes")
    assert attach("status", "--index", alias)["with_picture_vectors"] == COUNT
    assert attach("reconcile", "--index", alias)["written"] == 0
