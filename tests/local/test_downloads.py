"""Downloads behind a company's proxy, which shows a certificate of the company's own authority."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from jgo.constants import MAVEN_CENTRAL_URL
from tls_stub import Authority, intercepting_proxy, make_authority

from mappings.errors import StackError
from shelfsight.local.artifacts import Artifact, is_whole, obtain
from shelfsight.local.doctor import Check, examine

pytestmark = pytest.mark.skipif(
    not shutil.which("openssl"), reason="openssl is missing: apt install openssl"
)
CONTENT = b"an archive" * 1000
ARTIFACT = Artifact(
    "org.example", "thing", "1.0", "zip", len(CONTENT), hashlib.sha256(CONTENT).hexdigest()
)
REPOSITORY = urlsplit(MAVEN_CENTRAL_URL).hostname
TRUST = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("ca"), "company")


@pytest.fixture
def proxy(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[str]]:
    """The way out leads through the company's proxy; what it was asked for."""
    place = tmp_path / "files" / "maven2" / "org" / "example" / "thing" / "1.0"
    place.mkdir(parents=True)
    (place / ARTIFACT.filename).write_bytes(CONTENT)
    (place / f"{ARTIFACT.filename}.sha1").write_text(hashlib.sha1(CONTENT).hexdigest())
    cert, key = authority.issue("repository", f"DNS:{REPOSITORY}")
    for name in (*TRUST, "NO_PROXY", "no_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))  # the user's own mirrors do not count here
    with intercepting_proxy(tmp_path / "files", cert, key) as (address, asked):
        monkeypatch.setenv("HTTPS_PROXY", address)
        yield asked


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_the_companys_authority_in_the_trust_store_is_enough(
    authority: Authority,
    proxy: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:
    monkeypatch.setenv(variable, str(authority.pem))
    assert is_whole(obtain(ARTIFACT, tmp_path / "cache"), ARTIFACT)
    assert proxy[0] == f"CONNECT {REPOSITORY}:443"


def test_an_unknown_authority_is_named_as_the_cause_and_asked_once(
    proxy: list[str], tmp_path: Path
) -> None:
    with pytest.raises(StackError, match=r"certificate is not trusted on this machine") as caught:
        obtain(ARTIFACT, tmp_path / "cache")
    assert "thing-1.0.zip could not be fetched" in caught.value.problem
    assert "unable to get local issuer certificate" in caught.value.problem
    for cure in ("update-ca-certificates", "SSL_CERT_FILE=", "thing:1.0 (zip) at"):
        assert cure in caught.value.cure
    assert proxy == [f"CONNECT {REPOSITORY}:443"]


def test_a_certificate_for_another_name_is_not_trusted(
    authority: Authority, proxy: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = authority.issue("other", "DNS:other.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.pem))
    with intercepting_proxy(tmp_path / "files", cert, key) as (address, _):
        monkeypatch.setenv("HTTPS_PROXY", address)
        with pytest.raises(StackError, match=r"not trusted.*mismatch"):
            obtain(ARTIFACT, tmp_path / "cache")


def test_a_trust_store_that_is_not_there_is_named(
    proxy: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "absent.pem"))
    with pytest.raises(StackError, match=r"REQUESTS_CA_BUNDLE names .*absent\.pem"):
        obtain(ARTIFACT, tmp_path / "cache")
    assert proxy == []


def test_the_doctor_says_whose_certificates_are_trusted(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check() -> Check:
        found = examine(tmp_path / "stack", {}, "products")
        return next(one for one in found if one.name == "certificates")

    monkeypatch.setenv("SSL_CERT_FILE", str(authority.pem))
    assert (check().ok, str(authority.pem) in check().found) == (True, True)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "absent.pem"))
    assert (check().ok, check().needed) == (False, False)
    assert "absent.pem" in check().found
    assert "SSL_CERT_FILE=" in check().cure
