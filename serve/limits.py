"""How much one HTTP request may bring, and how long who must wait."""

from dataclasses import dataclass

KIB = 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """The sizes beyond which a request is refused before it is read whole.

    Args:
        json_bytes: Of a JSON body, bytes; pictures inside it count as the base64 text they are.
        upload_bytes: Of a multipart body with all its pictures, bytes.
        retry_after: Seconds that a client is told to wait when the search cannot be served.
        reopen: Seconds between two attempts to open an engine that could not be opened.
    """

    json_bytes: int = 64 * KIB
    upload_bytes: int = 10 * KIB * KIB
    retry_after: int = 5
    reopen: float = 5.0
