"""The connection to an OpenSearch node: address, user and certificates, and its errors named."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from mappings.errors import DiskFull, InputError, NodeUnreachable, StackError


@dataclass(frozen=True, slots=True)
class Connection:
    """Where a node answers and how to be let in.

    Args:
        url: ``http://host:port`` or ``https://host:port``.
        user: User name, empty where the node asks for none.
        password: Password; never shown by ``repr``.
        ca: Path of the certificate authority that signed the node's certificate; empty for the
            system's own authorities.
        verify: Whether the certificate is checked; switch off for a test node only.
        timeout: Seconds until an unanswered request is given up.
    """

    url: str
    user: str = ""
    password: str = field(default="", repr=False)
    ca: str = ""
    verify: bool = True
    timeout: float = 30.0

    def open(self) -> Any:  # noqa: ANN401 - opensearchpy.OpenSearch, imported only when needed
        """Return an ``opensearchpy.OpenSearch`` client; nothing is sent yet.

        Raises:
            InputError: The address is no http or https URL.
        """
        if not self.url.startswith(("http://", "https://")):
            raise InputError(
                f"The node's address {self.url!r} is not a URL.",
                "Give http://host:port or https://host:port (SHELFSIGHT_NODE_URL).",
            )
        from opensearchpy import OpenSearch

        return OpenSearch(
            hosts=[self.url],
            http_auth=(self.user, self.password) if self.user else None,
            ca_certs=self.ca or None,
            verify_certs=self.verify,
            ssl_show_warn=False,
            http_compress=True,
            timeout=self.timeout,
            max_retries=0,
        )


@contextmanager
def node_errors(url: str) -> Iterator[None]:
    """Turn the client's connection and environment errors into ours, with the cure.

    Raises:
        NodeUnreachable: The node does not answer, or not in time.
        DiskFull: The node has blocked writes because its disk is full.
        StackError: The node refuses the user or its certificate.
    """
    from opensearchpy import exceptions

    try:
        yield
    except exceptions.SSLError as error:
        raise StackError(
            f"The certificate of {url} is not trusted: {error.info}.",
            "Give its authority's file in SHELFSIGHT_NODE_CA.",
        ) from None
    except (exceptions.ConnectionError, exceptions.ConnectionTimeout) as error:
        raise NodeUnreachable(
            f"OpenSearch at {url} does not answer ({type(error).__name__}).",
            "Start it with `shelfsight up`, or give its address in SHELFSIGHT_NODE_URL.",
        ) from None
    except (exceptions.AuthenticationException, exceptions.AuthorizationException) as error:
        if "flood-stage" in str(error) or "read-only-allow-delete" in str(error):
            raise DiskFull(
                f"OpenSearch at {url} has stopped writes because its disk is nearly full.",
                "Free room on the node's disk; writes go on by themselves afterwards.",
            ) from None
        raise StackError(
            f"OpenSearch at {url} refuses this user (HTTP {error.status_code}).",
            "Set SHELFSIGHT_NODE_USER and SHELFSIGHT_NODE_PASSWORD.",
        ) from None
