"""HTTP bodies read: JSON, or a form with pictures, becomes a search request."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar, cast

from pydantic import ValidationError
from pydantic_core import from_json
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from encoders.crop import Box
from mappings.errors import InputError
from mappings.schema import TAGS
from query.model.boosts import parse_boost
from query.model.diversity import Diversity, Likeness
from query.model.facet_results import CountedSet
from query.model.filters import EXACT, RANGED, AnyOf, Between, parse_filter
from query.model.filters import Filter as QueryFilter
from query.model.fusions import find_fusion
from query.model.mixture import Mixture
from query.model.request import MAX_UPLOADS, SearchRequest
from query.model.signals import ImageMode, Similarity
from query.model.sorting import parse_sort
from query.model.understanding import Treatment, Understanding
from serve.facets import read_facet
from serve.limits import KIB
from serve.schemas import (
    AttributeFilter,
    ColumnFilter,
    DiversityGiven,
    Filter,
    RangeFilter,
    SearchBody,
)
from serve.uploads import decoded

Column = TypeVar("Column")
MAX_FAULTS = 5
MAX_FIELDS = 64
MAX_FIELD_BYTES = 64 * KIB
_JSON = (
    "size",
    "offset",
    "weights",
    "similarity",
    "understanding",
    "strength",
    "picture_weights",
    "boxes",
    "subject",
    "min_score",
    "reach",
    "diversity",
    "pins",
    "buries",
    "explain",
)
_REPEATED = ("like", "also", "sort", "boosts")


async def receive_question(request: Request) -> Callable[[], SearchRequest]:
    """Receive an HTTP request's body, and return a function that parses it as a search request.

    Reading takes processor time, so it is left to a thread: the event loop only receives. What is
    returned raises ``InputError`` where the body cannot be read or a limit is passed.

    Raises:
        HTTPException: 415, the content type is neither JSON nor a form with pictures; 400, the
            form is broken.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        return partial(_of_json, await request.body())
    if kind != "multipart/form-data":
        raise HTTPException(
            415,
            f"The content type is {kind[:80] or 'not given'!r}; send application/json or"
            " multipart/form-data",
        )
    async with request.form(
        max_files=MAX_UPLOADS, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES
    ) as form:
        pictures = [await f.read() for f in form.getlist("pictures") if isinstance(f, UploadFile)]
        return partial(_of_form, form.multi_items(), tuple(pictures))


def _of_json(content: bytes) -> SearchRequest:
    return _question(_parse(content), ())


def _of_form(
    fields: Sequence[tuple[str, UploadFile | str]], pictures: tuple[bytes, ...]
) -> SearchRequest:
    return _question(_from_form(fields), pictures)


def _parse(content: bytes) -> SearchBody:
    try:
        return SearchBody.model_validate_json(content)
    except ValidationError as error:
        raise _faults(error) from None


def _from_form(fields: Sequence[tuple[str, UploadFile | str]]) -> SearchBody:
    given: dict[str, Any] = {}
    for name, value in fields:
        if isinstance(value, UploadFile):
            if name != "pictures":
                raise InputError(f"File field {name[:80]!r} is not known.", "Name it 'pictures'.")
        elif name in ("filters", "facets"):
            written = value.lstrip().startswith("{")
            given.setdefault(name, []).append(_json(name, value) if written else value)
        elif name in _REPEATED:
            given.setdefault(name, []).append(value)
        elif name in given:
            raise InputError(f"Field {name[:80]!r} is given twice.", "Give it once.")
        else:
            # Unknown names are kept: the schema refuses them by name.
            given[name] = _json(name, value) if name in _JSON else value
    try:
        return SearchBody.model_validate(given)
    except ValidationError as error:
        raise _faults(error) from None


def _json(name: str, value: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return from_json(value)
    except ValueError as error:
        raise InputError(f"Field {name!r} is no JSON: {error}.", "See /openapi.json.") from None


def _faults(error: ValidationError) -> InputError:
    """Say what is wrong with a body, field by field, without repeating what was given."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    shown = []
    for fault in found[:MAX_FAULTS]:
        # Tags of the filters' variants stand in the path too; "filters.0" is what a client knows.
        path = ".".join(str(part)[:40] for part in fault["loc"])
        shown.append(f"{path}: {fault['msg']}" if path else fault["msg"])
    if len(found) > MAX_FAULTS:
        shown.append(f"and {len(found) - MAX_FAULTS} more")
    return InputError(f"The request cannot be read: {'; '.join(shown)}.", "See /openapi.json.")


def _question(body: SearchBody, uploads: tuple[bytes, ...]) -> SearchRequest:
    return SearchRequest(
        text=body.text,
        pictures=uploads + tuple(_picture(i, p) for i, p in enumerate(body.pictures)),
        filters=tuple(_filter(f) for f in body.filters),
        size=body.size,
        offset=body.offset,
        profile=body.profile,
        weights=body.weights or None,
        # The request checks these two itself and names what is allowed.
        image_mode=cast("ImageMode", body.image_mode),
        similarity=cast("dict[str, Similarity]", body.similarity),
        fusion=find_fusion(body.fusion),
        understanding=Understanding(
            # It checks these itself and names what is allowed.
            treat=cast("dict[str, Treatment]", body.understanding.treat),
            variants=body.understanding.variants,
            rules=body.understanding.rules,
            relax=body.understanding.rescue,
            enabled=body.understanding.enabled,
        ),
        mixture=Mixture(
            like=tuple(body.like),
            also=tuple(body.also),
            but=body.but,
            without=body.without,
            strength=body.strength,
            picture_weights=tuple(body.picture_weights),
            boxes=tuple(_box(number, edges) for number, edges in enumerate(body.boxes)),
            subject=body.subject,
        ),
        facets=tuple(read_facet(f) for f in body.facets),
        facets_of=cast("CountedSet", body.facets_of),
        sort=tuple(key for written in body.sort for key in parse_sort(written)),
        collapse=body.collapse,
        min_score=body.min_score,
        cursor=body.cursor,
        reach=body.reach,
        diversity=_diversity(body.diversity),
        boosts=tuple(parse_boost(b) for b in body.boosts),
        pins=tuple(body.pins),
        buries=tuple(body.buries),
        explain=body.explain,
    )


def _diversity(given: DiversityGiven | None) -> Diversity | None:
    if given is None:
        return None
    return Diversity(given.relevance, cast("Likeness", given.over), given.pool)


def _box(number: int, edges: list[float] | None) -> Box | None:
    if edges is None:
        return None
    if len(edges) != 4:
        raise InputError(
            f"boxes.{number} has {len(edges)} numbers.",
            "Give left, top, right, bottom as shares of width and height from 0 to 1.",
        )
    return Box(*edges)


def _picture(number: int, text: str) -> bytes:
    if text[:8].lower().startswith(("http:", "https:", "ftp:", "file:")):
        raise InputError(
            f"pictures.{number} is an address; only uploads and stored pictures are taken so far.",
            "Send the picture itself, or name a product of the catalogue in 'like'.",
        )
    content = decoded(text)
    if not content:
        raise InputError(
            f"pictures.{number} is no base64.",
            "Encode the file's bytes, or send it as multipart/form-data.",
        )
    return content


def _filter(given: Filter) -> QueryFilter:
    match given:
        case str():
            return parse_filter(given)
        case AttributeFilter():
            return AnyOf(TAGS, tuple(f"{given.attribute}={value}" for value in given.any_of))
        case ColumnFilter():
            return AnyOf(_column(given.column, EXACT), tuple(given.any_of))
        case RangeFilter():
            return _range(given)


def _column(name: str, allowed: Mapping[str, Column]) -> Column:
    if name not in allowed:
        raise InputError(
            f"Column {name[:80]!r} cannot be filtered this way.",
            f"Columns are {', '.join(allowed)}; an attribute is filtered by 'attribute'.",
        )
    return allowed[name]


def _range(given: RangeFilter) -> Between:
    field = _column(given.column, RANGED)
    if (given.gte is not None and given.gt is not None) or (
        given.lte is not None and given.lt is not None
    ):
        raise InputError(
            f"Filter on {given.column!r} has two ends on one side.", "Give gte or gt, lte or lt."
        )
    low = given.gt if given.gte is None else given.gte
    high = given.lt if given.lte is None else given.lte
    return Between(field, low, high, low_open=given.gt is not None, high_open=given.lt is not None)
