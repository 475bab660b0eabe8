"""The body limit by kind of body: 64 KB of JSON is plenty, a picture needs more."""

from starlette.datastructures import Headers
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from serve.limits import Limits
from serve.problems import problem_response, too_large


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
        """Answer 413 to a body that is too large by its own word, else watch it come in."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        upload = headers.get("content-type", "").lower().startswith("multipart/form-data")
        limit = self.limits.upload_bytes if upload else self.limits.json_bytes
        declared = headers.get("content-length", "")
        if declared.isdecimal() and int(declared[:20]) > limit:
            refusal = problem_response(too_large(limit, upload=upload))
            refusal.headers["connection"] = "close"
            return await refusal(scope, receive, send)
        scope.setdefault("state", {})["body_limit"] = (limit, upload)
        return await (self.upload if upload else self.plain)(scope, receive, send)
