"""The limits of a request: of its head, and of its body by kind, as a picture needs more."""

from starlette.datastructures import Headers
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from serve.limits import Limits
from serve.problems import long_head, problem_response, too_large, two_lengths
from serve.schemas import Problem


class BodyLimit:
    """Starlette's body limit, chosen by content type, with our error body.

    A request that declares too much is answered without reading it; one that declares nothing
    (chunked) is cut off by Starlette's middleware as soon as it has sent too much.
    """

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self.app = app
        self.limits = limits
        self.plain = RequestBodyLimitMiddleware(app, max_body_size=limits.json_bytes)
        self.upload = RequestBodyLimitMiddleware(app, max_body_size=limits.upload_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a head or a body that is too large by its own word, else watch it come in."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        if _head_bytes(scope) > self.limits.head_bytes:
            return await _closing(long_head(self.limits.head_bytes))(scope, receive, send)
        if "content-length" in headers and "transfer-encoding" in headers:
            # RFC 9112, 6.3: a proxy before us may have taken the other of the two for true.
            return await _closing(two_lengths())(scope, receive, send)
        upload = headers.get("content-type", "").lower().startswith("multipart/form-data")
        limit = self.limits.upload_bytes if upload else self.limits.json_bytes
        declared = headers.get("content-length", "")
        if declared.isdecimal() and int(declared[:20]) > limit:
            return await _closing(too_large(limit, upload=upload))(scope, receive, send)
        scope.setdefault("state", {})["body_limit"] = (limit, upload)
        return await (self.upload if upload else self.plain)(scope, receive, send)


def _head_bytes(scope: Scope) -> int:
    """Return the size of a request's head; the server bounds one only while it is coming in."""
    fields = sum(len(name) + len(value) for name, value in scope["headers"])
    return len(scope.get("raw_path") or b"") + len(scope["query_string"]) + fields


def _closing(problem: Problem) -> Response:
    """Return the answer behind which the connection is closed: what else comes is not read."""
    answer = problem_response(problem)
    answer.headers["connection"] = "close"
    return answer
