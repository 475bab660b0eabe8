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
        read_seconds: Until a body that comes in drop by drop is given up.
        head_bytes: Of a request's head; its fields are read on the event loop.
        head_seconds: Until a connection that has not sent a whole head of a request is closed.
        connections: Connections at once; at most half of the files that the process may open.
        uploads: Requests with pictures that are answered at once, and as many with recordings;
            more are told to come again.
        reopen: Seconds between two attempts to open an engine that could not be opened.
        reload: Seconds after which an engine whose models are not the live index's may be opened
            anew; loading models is expensive, so not at every request.
    """

    json_bytes: int = 64 * KIB
    upload_bytes: int = 10 * KIB * KIB
    retry_after: int = 5
    read_seconds: float = 30.0
    head_bytes: int = 16 * KIB
    head_seconds: float = 10.0
    connections: int = 1_000
    uploads: int = 8
    reopen: float = 5.0
    reload: float = 60.0
