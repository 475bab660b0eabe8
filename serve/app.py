"""The HTTP API: a thin layer over the search engine."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NoReturn

from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from query.engine import SearchEngine
from query.model.request import SearchRequest
from serve.augment import add_augment
from serve.augment_slot import AugmenterSource, AugmentSlots
from serve.body_limit import BodyLimit
from serve.concurrency_limit import ConcurrencyLimit
from serve.engine_slot import EngineSlot
from serve.examples import SEARCH_BODY, SEARCH_RESPONSES, body_components
from serve.health import health_of
from serve.limits import Limits
from serve.problems import install
from serve.questions import receive_question
from serve.schemas import Health, Live, SearchAnswer
from serve.speech import TranscriberSource, add_speech
from serve.suggest import add_suggest

API_VERSION = "0.1.0"
Question = Callable[[], SearchRequest]


class SearchApi(FastAPI):
    """The application, its OpenAPI document completed by the bodies that we read ourselves."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        if self.openapi_schema is None:
            document = super().openapi()
            document["components"]["schemas"].update(body_components())
            self.openapi_schema = document
        return self.openapi_schema


def create_app(
    engine_source: Callable[[], SearchEngine],
    *,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    allow_origins: Sequence[str] = (),
    transcriber_source: TranscriberSource | None = None,
    augmenter_source: AugmenterSource | None = None,
    attached: Sequence[str] = (),
) -> FastAPI:
    """Return the application; the engine is opened when the server starts it, not here.

    Args:
        engine_source: Opens the engine and loads its models; called in a thread at start-up, and
            again every few seconds of asking while it fails.
        limits: Sizes beyond which a request is refused, and waiting times.
        allow_origins: Web origins whose pages may ask from a browser.
        transcriber_source: Loads what turns speech into words, when the first recording comes.
        augmenter_source: Opens an attached index, by its name.
        attached: The attached indices whose bodies are augmented.
    """
    augmenters = AugmentSlots(augmenter_source or _none_attached, attached, limits.reopen)
    slot = EngineSlot(engine_source, limits.reopen, limits.reload)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        slot.open()
        augmenters.start()
        yield
        slot.close()

    # The interactive pages are off: they load scripts from elsewhere.
    app = SearchApi(
        title="Shelfsight",
        version=API_VERSION,
        summary="Multimodal product search whose every score is explained.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirect would name whatever host the client says
        lifespan=lifespan,
    )
    app.state.slot = slot
    install(app, limits.retry_after)
    concurrency = ConcurrencyLimit(limits.uploads, "pictures")
    _add_routes(app, slot, concurrency, limits)
    add_suggest(app, slot)
    add_speech(app, slot, transcriber_source, limits)
    add_augment(app, augmenters, concurrency, limits.read_seconds)
    app.add_middleware(BodyLimit, limits=limits)
    if allow_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(allow_origins),
            allow_methods=["GET", "POST"],
            allow_headers=["content-type"],
        )
    return app


def _none_attached(name: str) -> NoReturn:
    raise AssertionError(f"nothing opens {name}")


def _add_routes(
    app: FastAPI, slot: EngineSlot, concurrency: ConcurrencyLimit, limits: Limits
) -> None:
    @app.post(
        "/search",
        response_model=SearchAnswer,
        responses=SEARCH_RESPONSES,
        openapi_extra={"requestBody": SEARCH_BODY},
        summary="Search by words, pictures, or both",
    )
    async def search(request: Request) -> dict[str, Any]:
        read = await _in_time(receive_question(request), limits.read_seconds)
        # Reading takes the processor, the engine waits for the node: both are for the thread pool.
        return await run_in_threadpool(_search, slot, concurrency, read)

    @app.head("/health", include_in_schema=False)
    @app.get(
        "/health",
        response_model=Health,
        responses={503: {"model": Health, "description": "No search can be answered now."}},
        summary="Whether a search can be answered now",
    )
    def health() -> JSONResponse:
        found = health_of(slot)
        if found.status == "ok":
            return JSONResponse(found.model_dump())
        return JSONResponse(
            found.model_dump(), 503, headers={"retry-after": str(limits.retry_after)}
        )

    @app.head("/live", include_in_schema=False)
    @app.get("/live", summary="Whether the process serves requests")
    async def live() -> Live:  # needs no thread: it answers when all of them are taken
        return Live()


async def _in_time(receiving: Awaitable[Question], seconds: float) -> Question:
    try:
        async with asyncio.timeout(seconds):
            return await receiving
    except TimeoutError:
        raise HTTPException(408, f"The body did not arrive within {seconds:g} s") from None


def _search(slot: EngineSlot, concurrency: ConcurrencyLimit, read: Question) -> dict[str, Any]:
    question = read()
    engine, _ = slot.ready()
    with concurrency.acquire(question.pictures):
        return engine.search(question).to_json()
