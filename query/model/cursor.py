"""The cursor: the position behind a page, as a signed opaque text."""

import base64
import hashlib
import hmac
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any

from mappings.errors import InputError

MAX_CURSOR = 16_384
MAX_REACH = 1_000
_HEAD = struct.Struct(">B8sHH")
_VERSION = 1
_DIGEST = 6
_SEAL = 16
# Fields that may differ between the pages of one request, as they do not change the order.
_FREE = frozenset({"size", "offset", "cursor", "reach", "facets", "facets_of", "explain", "today"})


@dataclass(frozen=True, slots=True)
class Position:
    """The position behind a page.

    Args:
        shown_cards: A digest of every card shown so far.
        reach: How many hits the first request made reachable, at most 1,000.
    """

    shown_cards: frozenset[bytes] = frozenset()
    reach: int = 0


def digest(card: str) -> bytes:
    """Return the digest of a card: 6 bytes of its SHA-256."""
    return hashlib.sha256(card.encode()).digest()[:_DIGEST]


def fingerprint(request: Any, index: str) -> bytes:  # noqa: ANN401 - a SearchRequest
    """Return 8 bytes that differ between requests of different order and between indices."""
    known = f"{index}\0{_plain(request)!r}".encode()
    return hashlib.sha256(known).digest()[:8]


def write(position: Position, request_mark: bytes, key: bytes) -> str:
    """Return the cursor: version, fingerprint, reach and digests, sealed with HMAC-SHA256.

    Args:
        position: The position behind a page.
        request_mark: The request's fingerprint, 8 bytes.
        key: The signing key. A forged cursor gives access to nothing that its request does not.
    """
    head = _HEAD.pack(_VERSION, request_mark, position.reach, len(position.shown_cards))
    content = head + b"".join(sorted(position.shown_cards))
    return base64.urlsafe_b64encode(content + _seal(content, key)).decode().rstrip("=")


def read(text: str, request_mark: bytes, key: bytes) -> Position:
    """Return the position that ``write`` wrote.

    Args:
        text: The cursor, as it was given.
        request_mark: The fingerprint of the request that it comes with.
        key: The signing key.

    Raises:
        InputError: It was not written here, or belongs to another request or index.
    """
    try:
        content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        body, seal = content[:-_SEAL], content[-_SEAL:]
        version, found, reach, count = _HEAD.unpack_from(body)
        rest = body[_HEAD.size :]
    except (ValueError, struct.error):
        raise _unreadable(text) from None
    whole = len(rest) == count * _DIGEST and version == _VERSION
    if not whole or not hmac.compare_digest(seal, _seal(body, key)):
        raise _unreadable(text)
    if found != request_mark:
        raise InputError(
            "The cursor belongs to another request, or the index was built anew since.",
            "Send the request of the first page unchanged, with its cursor; or start again"
            " without one.",
        )
    digests = (rest[n : n + _DIGEST] for n in range(0, len(rest), _DIGEST))
    return Position(frozenset(digests), min(reach, MAX_REACH))


def _unreadable(text: str) -> InputError:
    return InputError(
        f"The cursor {text[:24]!r}… cannot be read.", "Send it as the last answer's 'next' gave it."
    )


def _seal(content: bytes, key: bytes) -> bytes:
    return hmac.new(key, content, hashlib.sha256).digest()[:_SEAL]


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a request holds
    """Return a canonical form of a value: equal meanings have equal reprs."""
    if callable(getattr(value, "declare", None)):  # a column, identified by its name
        return value.name
    if isinstance(value, str | int | float):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        given = ((name, getattr(value, name), usual) for name, usual in _fields(type(value)))
        return (type(value).__name__, [(n, _plain(v)) for n, v, usual in given if v != usual])
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    if isinstance(value, Mapping):
        return sorted((str(k), _plain(v)) for k, v in value.items())
    if isinstance(value, Iterable):
        return [_plain(v) for v in value]
    return value


@cache
def _fields(kind: type[Any]) -> tuple[tuple[str, Any], ...]:
    """Return the order-relevant fields of a dataclass, each with its default."""
    return tuple((f.name, f.default) for f in fields(kind) if f.name not in _FREE)
