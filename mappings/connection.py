"""The connection to an OpenSearch node: address, user, certificates, and translated errors."""

import base64
import ipaddress
import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import BadStatusLine
from typing import Any
from urllib.parse import urlsplit

from mappings.errors import DiskFull, InputError, NodeUnreachable, ShelfsightError, StackError

UNSAFE = (
    "The certificate of {url} is not checked (SHELFSIGHT_NODE_VERIFY is off): whoever sits between"
    " can read the password and change answers. Use SHELFSIGHT_NODE_CA instead outside of tests."
)
POOL_SIZE = 64
"""Idle connections to the node that the client keeps open, each opened when first needed. The
client's default is one, so that concurrent requests would open a new connection every time."""
BUSY = (429, 502, 503, 504)
_HANGING_UP = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError, BadStatusLine)
PLAIN_TO_TLS = "plain HTTP request was sent to HTTPS port"
_log = logging.getLogger("shelfsight.node")


@dataclass(frozen=True, slots=True)
class Connection:
    """The address of a node, and the credentials for it.

    Args:
        url: ``http://host:port`` or ``https://host:port``, without user and password.
        user: User name, empty for none.
        password: Password; never shown by ``repr``.
        ca: Path of the certificate authority that signed the node's certificate; empty for the
            well-known authorities.
        verify: Whether the certificate is checked; switch off for a test node only.
        timeout: Seconds to wait for the connection, and for each part of an answer.

    Raises:
        InputError: The address is no URL, holds a password, or would send one in plain HTTP to
            another machine.
    """

    url: str
    user: str = ""
    password: str = field(default="", repr=False)
    ca: str = ""
    verify: bool = True
    timeout: float = 30.0

    def __post_init__(self) -> None:
        # Checked here and not in open(), so that a password in an address never reaches a repr.
        _require_address(self.url)
        if self.user and not self.url.lower().startswith("https://") and not self.is_local:
            raise InputError(
                f"The node's address {self.url!r} would carry the password unencrypted.",
                "Give an https:// address in SHELFSIGHT_NODE_URL; plain http:// with a user is for"
                " localhost and loopback addresses only.",
            )

    def open(self) -> Any:  # noqa: ANN401 - opensearchpy.OpenSearch, imported only when needed
        """Return an ``opensearchpy.OpenSearch`` client; nothing is sent yet.

        It follows no redirects, so that the password is sent to the named host only.

        With ``verify`` off, a warning is written to the log ``shelfsight.node``.

        Raises:
            InputError: The authority's file is missing or holds no certificate.
        """
        secure = self.url.lower().startswith("https://")
        if secure and self.verify:
            _require_authority(self.ca)
        if secure and not self.verify:
            _log.warning(UNSAFE.format(url=self.url))
        from opensearchpy import OpenSearch

        from mappings.connection_json import QuickJSON

        return OpenSearch(
            hosts=[self.url],
            headers=self._authorization(),
            ca_certs=(self.ca or None) if self.verify else None,
            verify_certs=self.verify,
            ssl_show_warn=False,
            http_compress=not self.is_local,
            timeout=self.timeout,
            max_retries=0,
            pool_maxsize=POOL_SIZE,
            serializer=QuickJSON(),
        )

    @property
    def is_local(self) -> bool:
        """Whether the node is on this machine, where compressing costs more than it saves.

        Level 9 of gzip takes some 0.5 ms for a search and 8 ms for a document of 52 KB.
        """
        host = urlsplit(self.url).hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:  # a name, and 127.0.0.1.example.com is one
            return host == "localhost"

    def _authorization(self) -> dict[str, str]:
        """Return the basic-auth header; built here since the client's is Latin-1 only."""
        if not self.user:
            return {}
        token = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return {"authorization": f"Basic {token}"}


def _require_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise _no_url(url.rpartition("@")[2]) from None
    if parts.username is not None or parts.password is not None:
        raise InputError(
            f"The node's address (host {parts.hostname!r}) holds a user or password.",
            "Give them in SHELFSIGHT_NODE_USER and SHELFSIGHT_NODE_PASSWORD.",
        )
    if not fits:
        raise _no_url(url)


def _no_url(shown: str) -> InputError:
    return InputError(
        f"The node's address {shown!r} is not a URL.",
        "Give http://host:port or https://host:port (SHELFSIGHT_NODE_URL).",
    )


def _require_authority(ca: str) -> None:
    if not ca:
        return
    try:
        ssl.create_default_context(cafile=ca)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        why = "is not there" if isinstance(error, FileNotFoundError) else f"cannot be used: {error}"
        raise InputError(
            f"The certificate authority's file {ca!r} {why}.",
            "Give a readable PEM file in SHELFSIGHT_NODE_CA.",
        ) from None


def address_of(client: Any) -> str:  # noqa: ANN401 - opensearchpy.OpenSearch
    """Return the address of a client's node, for error messages."""
    return ", ".join(c.host for c in client.transport.connection_pool.connections)


@contextmanager
def node_errors(url: str) -> Iterator[None]:
    """Translate the client's connection and environment errors into ours, with the cure.

    Raises:
        NodeUnreachable: The node does not answer, not in time, or is too busy.
        DiskFull: The node has blocked writes because its disk is full.
        StackError: The node refuses the user, or its certificate is not trusted.
    """
    from opensearchpy import exceptions

    try:
        yield
    except exceptions.SSLError as error:
        raise _tls_trouble(url, error) from None
    except (exceptions.ConnectionError, exceptions.ConnectionTimeout) as error:
        raise _silence(url, error) from None
    except (exceptions.AuthenticationException, exceptions.AuthorizationException) as error:
        raise _refusal(url, error) from None
    except exceptions.TransportError as error:
        if _is_flooded(error):  # HTTP 429 in OpenSearch 3.6; retrying does not help
            raise _disk_full(url) from None
        if error.status_code in BUSY:
            raise NodeUnreachable(
                f"OpenSearch at {url} answers that it cannot serve now (HTTP {error.status_code}).",
                "Try again; if it lasts, look at the node with `shelfsight doctor`.",
            ) from None
        if PLAIN_TO_TLS in str(error):
            raise _silence(url, error) from None
        raise


def _tls_trouble(url: str, error: Any) -> ShelfsightError:  # noqa: ANN401 - opensearchpy's
    """Distinguish the causes of a failed TLS handshake: each has its own cure."""
    text = str(error.info)
    if "WRONG_VERSION_NUMBER" in text or "record layer failure" in text:
        return StackError(
            f"{url} does not speak TLS.", "Give its address with http:// in SHELFSIGHT_NODE_URL."
        )
    if "CERTIFICATE_VERIFY_FAILED" not in text:
        return NodeUnreachable(  # for example, the node stopped during the handshake
            f"OpenSearch at {url} broke off the TLS handshake: {text}.",
            "Try again; if it lasts, read the node's log.",
        )
    if "mismatch" in text:
        return StackError(
            f"The certificate of {url} was issued for another host name: {text}.",
            "Give the name that the certificate bears in SHELFSIGHT_NODE_URL.",
        )
    return StackError(
        f"The certificate of {url} is not trusted: {text}.",
        "Give its authority's file in SHELFSIGHT_NODE_CA, or renew the certificate if it expired.",
    )


def _silence(url: str, error: Any) -> NodeUnreachable:  # noqa: ANN401 - opensearchpy's
    cure = "Start it with `shelfsight up`, or give its address in SHELFSIGHT_NODE_URL."
    # A TLS port answers plain HTTP by closing the connection, or with bytes that are no HTTP.
    causes = getattr(error.info, "args", ())  # urllib3 wraps the error of the socket
    hung_up = any(isinstance(cause, _HANGING_UP) for cause in causes)
    hung_up = hung_up or PLAIN_TO_TLS in f"{error}{error.info}"
    if url.startswith("http://") and hung_up:
        cure += " It took the connection and hung up: if it speaks TLS, give https://."
    return NodeUnreachable(f"OpenSearch at {url} does not answer ({type(error).__name__}).", cure)


def _is_flooded(error: Any) -> bool:  # noqa: ANN401 - opensearchpy's
    return "flood-stage" in str(error) or "read-only-allow-delete" in str(error)


def _disk_full(url: str) -> DiskFull:
    return DiskFull(
        f"OpenSearch at {url} has stopped writes because its disk is nearly full.",
        "Free room on the node's disk; writes go on by themselves afterwards.",
    )


def _refusal(url: str, error: Any) -> StackError:  # noqa: ANN401 - opensearchpy's
    if _is_flooded(error):
        return _disk_full(url)
    return StackError(
        f"OpenSearch at {url} refuses this user (HTTP {error.status_code}).",
        "Set SHELFSIGHT_NODE_USER and SHELFSIGHT_NODE_PASSWORD.",
    )
