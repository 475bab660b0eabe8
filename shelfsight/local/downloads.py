"""Downloads over TLS: whom they trust, and what is said where a certificate is not trusted."""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mappings.errors import StackError

TRUST_CURE = (
    "Behind a company's proxy, put its authority into the system's certificate store (Debian,"
    " Ubuntu: copy the .crt file to /usr/local/share/ca-certificates and run"
    " update-ca-certificates; Fedora: /etc/pki/ca-trust/source/anchors and update-ca-trust), or"
    " name a file that holds it: SSL_CERT_FILE=/path/to/ca.pem."
)
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""What requests reads; a file that is not there would be an OSError on every download."""


def trust_store() -> str:
    """Return where the system's trusted certificates are read from, empty when there is no store.

    Raises:
        StackError: A variable names a certificate file that is not there.
    """
    _require_named()
    found = ssl.get_default_verify_paths()
    return found.cafile or found.capath or ""


def _require_named() -> None:
    for name in ("SSL_CERT_FILE", *_BUNDLES):
        if (named := os.environ.get(name)) and not Path(named).exists():
            raise StackError(
                f"{name} names the certificate file {named!r}, which is not there.",
                f"Correct the variable, or unset it. {TRUST_CURE}",
            )


@contextmanager
def system_trust() -> Iterator[None]:
    """Trust the system's certificate store for the block, besides the well-known authorities.

    SSL_CERT_FILE and SSL_CERT_DIR stand for the system's store, REQUESTS_CA_BUNDLE for the
    well-known authorities, as they do for other programs.

    Raises:
        StackError: A variable names a certificate file that is not there.
    """
    import truststore

    _require_named()

    truststore.inject_into_ssl()
    try:
        yield
    finally:
        truststore.extract_from_ssl()


def is_distrust(error: BaseException) -> bool:
    """Tell whether a request failed because the server's certificate is not trusted here."""
    return "CERTIFICATE_VERIFY_FAILED" in f"{error!r}"


def distrust(what: str, error: BaseException, otherwise: str) -> StackError:
    """Return the error of a download whose server's certificate is not trusted.

    Args:
        what: What was to be fetched.
        error: What the client raised.
        otherwise: Another way to get it.
    """
    text = str(error)
    _, _, why = text.rpartition("CERTIFICATE_VERIFY_FAILED] ")
    return StackError(
        f"{what} could not be fetched: the server's certificate is not trusted on this machine"
        f" ({why.split(' (_ssl')[0][:160]}).",
        f"{TRUST_CURE} {otherwise}",
    )
