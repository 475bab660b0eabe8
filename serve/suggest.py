"""Suggestions over HTTP: ``GET /suggest?q=…`` while a person types."""

from typing import Any

from fastapi import FastAPI, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from mappings.errors import InputError
from query.suggest.suggester import MAX_SUGGESTIONS, USUAL
from serve.engine_slot import EngineSlot
from serve.schemas import Problem

_NAMES = ("q", "size")
_CURE = f"Ask GET /suggest?q=TEXT&size=1..{MAX_SUGGESTIONS}."


class SuggestionAnswer(BaseModel):
    """One completion, a whole query."""

    model_config = ConfigDict(frozen=True)

    text: str = Field(examples=["红色连衣裙"])
    source: str = Field(
        description="`query` (asked before), `category`, `brand`, attribute `value`, `word` of"
        " titles, or `title`."
    )
    count: int = Field(description="Times it was asked, or products that have it.")
    found: str = Field(
        description="`prefix`, `word`, `pinyin`, `initials`, `last word` or `correction`."
    )


class SuggestAnswer(BaseModel):
    """What is suggested for what was typed, best first."""

    model_config = ConfigDict(frozen=True)

    typed: str
    suggestions: list[SuggestionAnswer]


_PARAMETERS = [
    {
        "name": "q",
        "in": "query",
        "required": True,
        "schema": {"type": "string", "maxLength": 200},
        "description": "What was typed so far; pinyin and initials (`lyq`) find Chinese words.",
    },
    {
        "name": "size",
        "in": "query",
        "schema": {"type": "integer", "minimum": 1, "maximum": MAX_SUGGESTIONS, "default": USUAL},
    },
]
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "A parameter cannot be used."},
    503: {"model": Problem, "description": "No index can be asked now."},
}


def add_suggest(app: FastAPI, slot: EngineSlot) -> None:
    """Add the route.

    Args:
        app: The application.
        slot: Where the engine is.
    """

    @app.get(
        "/suggest",
        response_model=SuggestAnswer,
        responses=_PROBLEMS,
        openapi_extra={"parameters": _PARAMETERS},
        summary="Complete what was typed so far",
    )
    async def suggest(request: Request) -> dict[str, Any]:
        typed, size = _parameters_of(request)
        return await run_in_threadpool(_suggest, slot, typed, size)


def _parameters_of(request: Request) -> tuple[str, int]:
    """Return the parameters ``q`` and ``size``.

    Raises:
        InputError: A parameter is missing, unknown, given twice, or no number.
    """
    given = request.query_params
    for name in given:
        if name not in _NAMES:
            raise InputError(f"Parameter {name[:40]!r} is not known.", _CURE)
        if len(given.getlist(name)) > 1:
            raise InputError(f"Parameter {name!r} is given twice.", _CURE)
    if "q" not in given:
        raise InputError("Parameter 'q' is missing.", _CURE)
    size = given.get("size", str(USUAL))
    if not (size.isascii() and size.isdigit() and len(size) <= 4):
        raise InputError(f"size is {size[:40]!r}, no whole number.", _CURE)
    return given["q"], int(size)


def _suggest(slot: EngineSlot, typed: str, size: int) -> dict[str, Any]:
    engine, index = slot.ready()
    return engine.reading.suggest(typed, size, index).to_json()
