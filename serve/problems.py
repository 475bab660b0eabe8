"""Errors as answers: each carries its kind, what went wrong, the cure, and the HTTP status."""

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from mappings.errors import (
    CatalogueUnavailable,
    IdentityMismatch,
    InputError,
    NodeUnreachable,
    ShelfsightError,
    StackError,
    UnknownModel,
)
from serve.limits import KIB
from serve.schemas import Problem, ProblemKind

MAX_PROBLEM = 600
_log = logging.getLogger("shelfsight.serve")

# Kinds of an HTTP status that Starlette or FastAPI raise by themselves.
_KINDS: dict[int, ProblemKind] = {
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    413: "too_large",
    415: "unsupported_media",
}
_CURES: dict[int, str] = {
    404: "Paths are POST /search, POST /augment, POST /transcribe, GET /suggest, GET /health,"
    " GET /live and GET /openapi.json.",
    405: "Search with POST; health is read with GET.",
    408: "Send it faster, or send less.",
}


NO_CATALOGUE = "No catalogue can be searched here yet."
INGEST = (
    "Whoever runs the service ingests one (`shelfsight ingest PATH`), or finds the cause in"
    " its log."
)
NO_ANSWER = "The search engine behind this service does not answer."
OTHER_MODELS = "The index holds vectors of other models than this service has loaded."
IN_THE_LOG = "Try again later; the operator finds the cause in the service's log."


class NotReady(StackError):
    """The service runs but cannot answer yet: models are loading, or there is no index."""


class NotOffered(StackError):
    """The service lacks what this route needs, and will until it is started anew."""


class TooBusy(StackError):
    """So many requests of this kind are being answered that no more may wait."""


def problem_response(problem: Problem, retry_after: int | None = None) -> JSONResponse:
    """Return a problem as an answer.

    Args:
        problem: What went wrong.
        retry_after: Seconds to wait, for those who may try again.
    """
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    return JSONResponse(problem.model_dump(), problem.status, headers)


def too_large(limit: int, *, upload: bool) -> Problem:
    """Return the problem of a body beyond ``limit`` bytes."""
    cure = (
        "Send smaller or fewer pictures."
        if upload
        else "Shorten it; send pictures as multipart/form-data instead of base64."
    )
    return Problem(
        type="too_large",
        status=413,
        problem=f"The request is larger than {limit // KIB} KB.",
        cure=cure,
    )


def long_head(limit: int) -> Problem:
    """Return the problem of a head beyond ``limit`` bytes."""
    return _problem(
        "too_large", 431, f"The request's head is larger than {limit // KIB} KB.", "Shorten it."
    )


def two_lengths() -> Problem:
    """Return the problem of a request that says in two ways where it ends."""
    return _problem(
        "input",
        400,
        "The request has both Content-Length and Transfer-Encoding.",
        "Send one of the two.",
    )


def problem_of(error: ShelfsightError) -> Problem:
    """Return the problem that a client gets for one of our errors.

    Of what the operator has to mend (addresses, users, folders, models, other catalogues) a client
    learns nothing but that it is so; the rest is in the log of the service.
    """
    match error:
        case NotReady():
            return _problem("not_ready", 503, error.problem, error.cure)
        case NotOffered():
            return _problem("not_offered", 501, error.problem, error.cure)
        case TooBusy():
            return _problem("too_busy", 429, error.problem, error.cure)
        case IdentityMismatch():
            return _problem("identity_mismatch", 409, OTHER_MODELS, IN_THE_LOG)
        case CatalogueUnavailable() | UnknownModel():
            return _problem("not_ready", 503, NO_CATALOGUE, INGEST)
        case InputError():
            return _problem("input", 400, error.problem, error.cure)
        case NodeUnreachable():
            return _problem("node_unreachable", 503, NO_ANSWER, IN_THE_LOG)
    return _problem("stack", 503, NO_ANSWER, IN_THE_LOG)


def is_hidden(error: ShelfsightError) -> bool:
    """Tell whether a client is told less than the error says, so that the log has to."""
    problem = problem_of(error).problem
    return problem != _truncated(error.problem)


def _problem(kind: ProblemKind, status: int, problem: str, cure: str) -> Problem:
    return Problem(type=kind, status=status, problem=_truncated(problem), cure=cure)


def _truncated(problem: str) -> str:
    return problem if len(problem) <= MAX_PROBLEM else problem[: MAX_PROBLEM - 1] + "…"


def install(app: FastAPI, retry_after: int) -> None:
    """Answer every error of the application with a typed problem.

    Args:
        app: The application.
        retry_after: Seconds named in ``Retry-After`` with every 429 and 503.
    """

    def ours(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ShelfsightError)
        problem = problem_of(error)
        if is_hidden(error):
            _log.warning("%s: %s", type(error).__name__, error)
        return problem_response(problem, retry_after if problem.status in (429, 503) else None)

    def theirs(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        answer = problem_response(_http_problem(request.scope, error))
        if error.status_code == 405:
            answer.headers["allow"] = _allowed(request)
        return answer

    def gone(request: Request, error: Exception) -> JSONResponse:
        return problem_response(_problem("input", 400, "The request broke off.", "Send it whole."))

    def unforeseen(request: Request, error: Exception) -> JSONResponse:
        # The traceback is logged by the server; a client gets no inside of ours.
        _log.error("unforeseen: %s", type(error).__name__)
        return problem_response(
            _problem("internal", 500, "The service failed.", "Report it; its log has the cause.")
        )

    app.add_exception_handler(ShelfsightError, ours)
    app.add_exception_handler(HTTPException, theirs)
    app.add_exception_handler(ClientDisconnect, gone)
    app.add_exception_handler(Exception, unforeseen)


def _allowed(request: Request) -> str:
    """Return the methods of all routes of the path."""
    routes = (r for r in request.app.routes if r.matches(request.scope)[0] != Match.NONE)
    return ", ".join(sorted({method for route in routes for method in route.methods or ()}))


def _http_problem(scope: Any, error: HTTPException) -> Problem:  # noqa: ANN401 - ASGI's own type
    status = error.status_code
    if status == 413:
        limit, upload = scope["state"]["body_limit"]
        return too_large(limit, upload=upload)
    kind = _KINDS.get(status, "input")
    return _problem(kind, status, f"{error.detail}.".replace("..", "."), _CURES.get(status, ""))
