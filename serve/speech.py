"""``POST /transcribe``: a recording becomes words that a person may edit and then search with."""

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from encoders.speech.registry import listen
from encoders.speech.transcript import Transcriber
from mappings.errors import InputError, ShelfsightError, UnknownModel
from query.execute.transcript_choice import choose_transcript
from serve.concurrency_limit import ConcurrencyLimit
from serve.engine_slot import EngineSlot
from serve.limits import KIB, Limits
from serve.problems import NotOffered
from serve.schemas import Problem

TranscriberSource = Callable[[], Transcriber]
_log = logging.getLogger("shelfsight.serve")
_FORM: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["audio"],
                "properties": {
                    "audio": {
                        "type": "string",
                        "format": "binary",
                        "description": "A WAV file, at most 2 MiB and 30 seconds.",
                    },
                    "language": {"type": "string", "default": "en"},
                },
                "additionalProperties": False,
            }
        }
    },
}


class AlternativeAnswer(BaseModel):
    """One reading; the confidences of one transcript add up to 1 at most."""

    model_config = ConfigDict(frozen=True)

    text: str
    confidence: float


class TranscriptAnswer(BaseModel):
    """What was heard; ``text`` may be edited and sent to ``/search``."""

    model_config = ConfigDict(frozen=True)

    text: str
    alternatives: list[AlternativeAnswer] = Field(description="Readings, best first.")
    language: str
    seconds: float = Field(description="The recording's length.")
    transcriber: str
    rescored: bool = Field(description="Whether the catalogue's words chose among the readings.")


class LazyTranscriber:
    """Loads the transcriber once, for the first recording.

    Args:
        source: Loads it; ``None`` where none is wanted.
    """

    def __init__(self, source: TranscriberSource | None) -> None:
        self._source, self._lock = source, threading.Lock()
        self._loaded: Transcriber | None = None

    def transcriber(self) -> Transcriber:
        """Return the transcriber.

        Raises:
            NotOffered: There is none here, or it cannot be loaded.
        """
        with self._lock:
            if self._loaded is None:
                try:
                    if self._source is None:
                        raise UnknownModel("No transcriber is wanted here.")
                    self._loaded = self._source()
                except InputError as error:  # the operator's, not this client's
                    _log.warning("recordings cannot be heard: %s", error)
                    raise NotOffered(
                        "Recordings cannot be heard here: the service has no transcriber.",
                        "Type the words; the operator can install one, as docs/queries.md says.",
                    ) from None
            return self._loaded


def add_speech(
    app: FastAPI, slot: EngineSlot, source: TranscriberSource | None, limits: Limits
) -> None:
    """Add the route ``POST /transcribe``.

    Args:
        app: The application.
        slot: Whose catalogue chooses among the readings; without it the transcriber's order stands.
        source: Loads the transcriber.
        limits: How many recordings at once, and how slowly they may come in.
    """
    lazy, concurrency = LazyTranscriber(source), ConcurrencyLimit(limits.uploads, "recordings")
    read_seconds = limits.read_seconds
    refusals: dict[int | str, dict[str, Any]] = {
        status: {"model": Problem} for status in (400, 408, 413, 415, 429, 501, 503)
    }

    @app.post(
        "/transcribe",
        response_model=TranscriptAnswer,
        responses=refusals,
        openapi_extra={"requestBody": _FORM},
        summary="Turn a recording into words",
    )
    async def transcribe(request: Request) -> dict[str, Any]:
        try:
            async with asyncio.timeout(read_seconds):
                content, language = await _read(request)
        except TimeoutError:
            why = f"The body did not arrive within {read_seconds:g} s"
            raise HTTPException(408, why) from None
        return await run_in_threadpool(_transcribe, lazy, slot, concurrency, content, language)


async def _read(request: Request) -> tuple[bytes, str]:
    """Return the recording and its language.

    Raises:
        InputError: The form has other fields, or no recording.
        HTTPException: 415, it is no form.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise HTTPException(
            415, f"The content type is {kind[:80] or 'not given'!r}; send multipart/form-data"
        )
    async with request.form(max_files=1, max_fields=4, max_part_size=KIB) as form:
        if odd := [name for name in form if name not in ("audio", "language")]:
            raise InputError(
                f"Field {odd[0][:80]!r} is not known.", "There are 'audio' and 'language'."
            )
        audio, language = form.get("audio"), form.get("language", "en")
        if not isinstance(audio, UploadFile) or not isinstance(language, str):
            raise InputError("There is no recording.", "Send a WAV file in the field 'audio'.")
        return await audio.read(), language


def _transcribe(
    lazy: LazyTranscriber,
    slot: EngineSlot,
    concurrency: ConcurrencyLimit,
    content: bytes,
    language: str,
) -> dict[str, Any]:
    with concurrency.acquire():
        transcript = listen(lazy.transcriber(), content, language)
    try:
        engine, index = slot.ready()
        return choose_transcript(engine.client, index.name, transcript).to_json()
    except ShelfsightError:  # without the catalogue the transcriber's own order stands
        return transcript.to_json()
