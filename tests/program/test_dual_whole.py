"""A dual encoder through the whole program: ingest, one space without a projection, search."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dual_models import save_tiny_dual
from program_run import Program, write_shop

from shelfsight.local.stack import status

pytestmark = [pytest.mark.node, pytest.mark.broker, pytest.mark.models]


@pytest.fixture
def dual(shop: Program, tmp_path: Path) -> Iterator[Program]:
    """An alias whose texts and pictures one tiny Chinese-CLIP encodes."""
    from mappings.connection import Connection

    name = f"clip:{save_tiny_dual('chinese_clip', tmp_path / 'tiny')}"
    models = {"SHELFSIGHT_TEXT_MODEL": name, "SHELFSIGHT_IMAGE_MODEL": name}
    yield Program(shop.home, {"SHELFSIGHT_ALIAS": "dual", **models})
    client = Connection(status(shop.home).node_url).open()
    client.indices.delete(index="dual-*", ignore_unavailable=True)
    client.close()


def raw(hit: dict[str, Any], signal: str) -> float:
    found: float = next(c["raw"] for c in hit["contributions"] if c["signal"] == signal)
    return found


def test_words_and_pictures_are_compared_in_the_models_own_space(
    dual: Program, tmp_path: Path
) -> None:
    from encoders.pictures import decode
    from encoders.registry import load_image_encoder, load_text_encoder

    feed = write_shop(tmp_path / "shop")
    said = dual("ingest", str(feed), within=240)
    assert said.code == 0, said.out + said.err
    identity = dual("index", "show", "--json").json()["identity"]
    assert (identity["dim"], identity["projection"]) == (12, "")

    answer = dual("search", "红色连衣裙", "--best-picture", "--json").json()
    assert answer["degraded"] == []
    assert len(answer["hits"]) == 3
    name = dual.extra["SHELFSIGHT_TEXT_MODEL"]
    asked = load_text_encoder(name).encode_query(["红色连衣裙"])[0]
    seen = load_image_encoder(name, threads=1)
    for hit in answer["hits"]:
        picture = (tmp_path / "shop" / hit["matched_picture"]["path"]).read_bytes()
        row = seen.encode_products([decode(picture, seen.size)])[0]
        assert raw(hit, "image") == pytest.approx(float(asked @ row), abs=1e-4)

    uploaded = dual("search", "--image", str(tmp_path / "shop" / "blue.png"), "--json").json()
    near = {hit["id"]: raw(hit, "picture_image") for hit in uploaded["hits"]}
    assert near["blue"] == pytest.approx(1.0, abs=1e-4)
    assert near["blue"] == max(near.values())
