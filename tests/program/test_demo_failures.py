"""What stands in the demo's way ends it at once, whatever else is under way by then."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from jgo.constants import MAVEN_CENTRAL_URL
from tls_stub import intercepting_proxy, make_authority

from demo.drawing import Size, demo_catalogue
from demo.flow import Shown, Times, run_demo
from ingest.catalogue import Catalogue, open_catalogue
from mappings.errors import InputError, StackError
from shelfsight.local import folder as folders
from shelfsight.settings import Settings

pytestmark = pytest.mark.skipif(
    not shutil.which("openssl"), reason="openssl is missing: apt install openssl"
)
AT_ONCE = 15.0
"""Seconds; what is under way takes minutes. One product's pictures are drawn to the end."""
LARGE = Size(112, 10, 40)


def until(is_so: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert is_so()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A machine on which nothing has been installed or ingested."""
    home = Path(tempfile.mkdtemp(prefix="shelfsight-demo-", dir="/var/tmp"))
    home.chmod(0o755)  # as root, the servers run as a user who must get in
    monkeypatch.setattr(folders, "ROOT_BASE", tmp_path / "base")
    monkeypatch.setenv("SHELFSIGHT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    yield Settings(alias="demo", home=home, text_model="hash:16", image_model="hash:16")
    shutil.rmtree(home)


def run(settings: Settings, catalogue: Catalogue | None = None) -> None:
    shown = Shown(lambda *_: None, lambda *_: None, lambda *_: None)
    assert settings.home is not None
    source = catalogue or demo_catalogue(settings.home / "demo-catalogue", LARGE, settings.seed)
    run_demo(settings, source, drawn=not catalogue, times=Times(time.time()), shown=shown)


def drawn(settings: Settings) -> int:
    assert settings.home is not None
    return len(list((settings.home / "demo-catalogue").rglob("*.jpg")))


def at_rest(settings: Settings) -> bool:
    before = drawn(settings)
    time.sleep(0.5)
    return drawn(settings) == before


def test_a_server_that_cannot_be_fetched_ends_the_drawing(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = make_authority(tmp_path, "company").issue("repository", "DNS:localhost")
    refused: list[float] = []

    def pause() -> None:
        """Open the tunnel, which cannot be trusted, only when the drawing is under way."""
        until(lambda: drawn(settings) > 0)
        refused.append(time.monotonic())

    with intercepting_proxy(tmp_path, cert, key, pause) as (address, _):
        monkeypatch.setenv("HTTPS_PROXY", address)
        with pytest.raises(StackError, match="certificate is not trusted on this machine"):
            run(settings)
    assert time.monotonic() - refused[0] < AT_ONCE
    until(lambda: at_rest(settings))  # pictures that were under way are finished
    assert 0 < drawn(settings) < LARGE.products * LARGE.pictures / 2


def test_a_catalogue_that_cannot_be_used_ends_the_fetching(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = make_authority(tmp_path, "company")
    cert, key = authority.issue("repository", f"DNS:{urlsplit(MAVEN_CENTRAL_URL).hostname}")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.pem))
    feed = tmp_path / "empty.jsonl"
    feed.touch()
    # The repository has no such file and is slow to say so; it would be asked three times.
    with intercepting_proxy(tmp_path, cert, key, lambda: time.sleep(6)) as (address, asked):
        monkeypatch.setenv("HTTPS_PROXY", address)
        with pytest.raises(InputError, match=r"empty\.jsonl"):
            run(settings, open_catalogue(feed))
    assert len([line for line in asked if line.startswith("CONNECT")]) < 3
