"""The service as the program opens it: settings, TLS, a fitted space, the live index."""

import json
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from api_server import serving, wait_for
from api_shop import COLOURS, ZH, picture
from pydantic import SecretStr
from test_hostile_uploads import png, rows
from tls_stub import make_authority, tls_door

from encoders.picture_decoder import PictureDecoder
from encoders.picture_size import LIMITS, PictureLimits
from mappings.errors import StackError
from serve.limits import Limits
from shelfsight.settings import Settings
from shelfsight.wiring import open_engine

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(
        not shutil.which("openssl"), reason="openssl is missing: apt install openssl"
    ),
]
PASSWORD = "Geheim-7-shelves"


@pytest.fixture
def settings(tmp_path: Path, node_url: str, client: "OpenSearch") -> Iterator[Settings]:
    """Settings that reach the node over TLS with a user, and the smallest models."""
    authority = make_authority(tmp_path, "ours")
    cert, key = authority.issue("node", "IP:127.0.0.1")
    alias = f"serve-wiring-{uuid.uuid4().hex[:8]}"
    with tls_door(node_url, cert, key, "admin", PASSWORD) as (url, asked):
        yield Settings(
            _env_file=None,  # type: ignore[call-arg]
            alias=alias,
            home=tmp_path / "home",
            node_url=url,
            node_user="admin",
            node_password=SecretStr(PASSWORD),
            node_ca=str(authority.pem),
            text_model="hash:32",
            image_model="hash:32",
            sample=20,
        )
        client.indices.delete(index=f"{alias}*", ignore=404)
        assert asked, "the program went through the door"


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """Thirty products with a picture each, as JSONL."""
    rows = []
    for number in range(30):
        colour = list(COLOURS)[number % 3]
        (tmp_path / f"{number}.png").write_bytes(picture(colour, 40 + number))
        rows.append(
            {
                "id": str(number),
                "title": f"{ZH[colour]}{ZH['shoes']} {colour} shoes {number}",
                "attributes": {"color": colour},
                "pictures": [{"path": f"{number}.png"}],
            }
        )
    path = tmp_path / "catalogue.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


@pytest.fixture
def _closed_decoders(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """End the decoders' children with the test: a program's end with the program."""
    opened: list[PictureDecoder] = []

    def opening(limits: PictureLimits = LIMITS) -> PictureDecoder:
        opened.append(PictureDecoder(limits))
        return opened[-1]

    monkeypatch.setattr("encoders.pictures.PictureDecoder", opening)
    yield
    for decoder in opened:
        decoder.close()


@pytest.mark.usefixtures("_closed_decoders")
def test_the_service_begins_to_search_as_soon_as_there_is_an_index(
    settings: Settings, catalogue: Path
) -> None:
    from ingest.catalogue import open_catalogue
    from shelfsight.indices import prepare_index

    quick = Limits(reopen=0.01, reload=0.01)
    with serving(lambda: open_engine(settings), wait=503, limits=quick) as http:
        for _ in range(200):
            refused = http.post("/search", json={"text": "red shoes"})
            if "being loaded" not in refused.text:
                break
        assert refused.status_code == 503
        assert refused.json()["type"] == "not_ready"
        assert "ingest" in refused.json()["cure"]
        live = prepare_index(settings, open_catalogue(catalogue))
        health = wait_for(http, 200)
        assert (health["index"], health["alias"]) == (live.name, settings.alias)
        found = http.post("/search", json={"text": "红色运动鞋", "filters": ["颜色=红色"]})
        assert found.status_code == 200, found.text
        assert (found.json()["hits"], found.json()["degraded"]) == ([], [])
        assert found.json()["index"] == live.name
        seen = http.post("/search", files={"pictures": picture("red")})
        assert seen.status_code == 200, seen.text
        large_picture = png(4_001, 4_000, rows(4_001, 4_000))
        for more in ({}, {"subject": "true"}):
            large = http.post("/search", data=more, files={"pictures": large_picture})
            assert large.status_code == 400
            assert "16,000,000 in all are allowed" in large.json()["problem"]


def test_a_wrong_password_stops_the_program_with_the_setting_named(
    settings: Settings, catalogue: Path
) -> None:
    from ingest.catalogue import open_catalogue
    from shelfsight.indices import prepare_index

    wrong = settings.model_copy(update={"node_password": SecretStr("wrong")})
    with pytest.raises(StackError, match="SHELFSIGHT_NODE_PASSWORD") as caught:
        prepare_index(wrong, open_catalogue(catalogue))
    assert "wrong" not in str(caught.value)
