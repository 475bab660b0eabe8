"""``POST /augment``: a shop's body in, the request that the shop itself sends out; none is sent."""

import asyncio
from typing import Any, Literal

from fastapi import FastAPI, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from mappings.errors import InputError
from query.model.input_limits import MAX_NUMBER
from serve.augment_slot import AugmentSlots
from serve.concurrency_limit import ConcurrencyLimit
from serve.schemas import Problem
from serve.uploads import decoded

_EXAMPLE: dict[str, Any] = {
    "index": "products",
    "text": "red summer dress",
    "body": {
        "query": {
            "bool": {
                "must": [{"multi_match": {"query": "red summer dress", "fields": ["name^3"]}}],
                "filter": [{"term": {"in_stock": True}}],
            }
        },
        "aggs": {"brands": {"terms": {"field": "brand"}}},
        "size": 24,
    },
}


class AugmentBody(BaseModel):
    """A shop's own request, and what the person asks for."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    body: dict[str, Any] = Field(
        description="What the shop sends to `_search`: at most 64 KB, 20 clauses deep, of clauses"
        " and options that docs/augment.md knows; without scripts, pipelines and lookups."
    )
    index: str = Field("", description="The attached index; may be left out where there is one.")
    text: str = Field("", description="At most 200 characters after NFKC.")
    pictures: list[str] = Field([], description="Small pictures as base64 or data: URLs.")
    recall: Literal["keep", "extend"] = Field(
        "keep",
        description="`keep`: matches what the shop's body matches. `extend`: near products are"
        " added, within the shop's filters.",
    )
    profile: str = Field("default", description="A named set of weights.")
    weights: dict[str, float] = Field({}, description="Weights by signal, over the profile's.")
    scale: float | None = Field(
        None, gt=0, le=MAX_NUMBER, description="The shop's score that counts as half of full."
    )
    sorted: Literal["all", "best"] = Field(
        "all", description="What a sort by fields orders: `all` matches. `best` takes a second"
        " request and is had in Python only."
    )  # fmt: skip


class TemplateAnswer(BaseModel):
    """The stored search template and the parameters that ask it for the same."""

    model_config = ConfigDict(frozen=True)

    id: str
    params: dict[str, Any]


class AugmentAnswer(BaseModel):
    """The request to send, and what its answer means."""

    model_config = ConfigDict(frozen=True)

    index: str | None = Field(description="Where to send it.")
    body: dict[str, Any] = Field(description="What to send to `_search` there.")
    recall: str
    execution: str = Field(
        description="`rescore`, `wide`, `script`, `sorted` or `unchanged`; docs/augment.md."
    )
    window: int = Field(description="Candidates that the formula orders, on each shard.")
    weights: dict[str, float] = Field(description="The weights used; they add up to 1.")
    notes: list[str] = Field(description="What a reader of the answer should know.")
    degraded: list[str] = Field(description="What could not be encoded and does not count.")
    template: TemplateAnswer | None = Field(
        description="The same for `_search/template`, where a template can say it."
    )


_PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "Something cannot be kept; the problem says why."},
    408: {"model": Problem, "description": "The body did not arrive in time."},
    409: {"model": Problem, "description": "The index was filled by other models."},
    413: {"model": Problem, "description": "The body is larger than 64 KB."},
    415: {"model": Problem, "description": "The body is no JSON."},
    429: {"model": Problem, "description": "Too many requests with pictures."},
    503: {"model": Problem, "description": "Models are being loaded, or the node is away."},
}


def add_augment(
    app: FastAPI, slots: AugmentSlots, concurrency: ConcurrencyLimit, read_seconds: float
) -> None:
    """Add the route.

    Args:
        app: The application.
        slots: The attached indices.
        concurrency: For requests with pictures.
        read_seconds: Until a body that comes in drop by drop is given up.
    """

    @app.post(
        "/augment",
        response_model=AugmentAnswer,
        responses=_PROBLEMS,
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": AugmentBody.model_json_schema(),
                        "example": _EXAMPLE,
                    }
                },
            }
        },
        summary="Add vectors and the formula to a shop's own request",
    )
    async def augment(request: Request) -> dict[str, Any]:
        content = await _content(request, read_seconds)
        return await run_in_threadpool(_augment, slots, concurrency, content)


async def _content(request: Request, seconds: float) -> bytes:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, f"The content type is {kind[:80]!r}; send application/json")
    try:
        async with asyncio.timeout(seconds):
            return await request.body()
    except TimeoutError:
        raise HTTPException(408, f"The body did not arrive within {seconds:g} s") from None


def _parse(content: bytes) -> AugmentBody:
    try:
        return AugmentBody.model_validate_json(content)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        faults = [f"{'.'.join(str(p)[:40] for p in f['loc'])}: {f['msg']}" for f in found[:5]]
        raise InputError(
            f"The request cannot be read: {'; '.join(faults)}.", "See /openapi.json."
        ) from None


def _augment(slots: AugmentSlots, concurrency: ConcurrencyLimit, content: bytes) -> dict[str, Any]:
    asked = _parse(content)
    if asked.sorted == "best":
        raise InputError(
            "sorted 'best' takes a second request, made from the answer to the first.",
            "Use `all`, or augment in Python.",
        )
    augmenter = slots.ready(asked.index)
    with concurrency.acquire(asked.pictures):
        made = augmenter.augment(
            asked.body,
            text=asked.text,
            image=tuple(_picture(n, p) for n, p in enumerate(asked.pictures)),
            recall=asked.recall,
            profile=asked.profile,
            weights=asked.weights,
            scale=asked.scale,
            scripts=False,
        )
    return made.to_json()


def _picture(number: int, text: str) -> bytes:
    content = decoded(text)
    if not content:
        raise InputError(f"pictures.{number} is no base64.", "Encode the file's bytes.")
    return content
