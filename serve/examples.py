"""What OpenAPI shows of ``POST /search``: its two kinds of body, examples, and its errors."""

from typing import Any

from serve.problems import IN_THE_LOG, NO_ANSWER, OTHER_MODELS
from serve.schemas import Problem, SearchBody

_TEXT: dict[str, Any] = {"text": "红色运动鞋", "size": 10}
_FILTERED: dict[str, Any] = {
    "text": "women's running shoes",
    "filters": [
        "brand=Nike",
        {"column": "price", "gte": 20, "lt": 100},
        {"attribute": "颜色", "any_of": ["红色", "白色"]},
    ],
    "weights": {"lexical": 0.5, "image": 0.5},
}
_PAGE: dict[str, Any] = {
    "text": "红色连衣裙",
    "filters": ["brand=Nike"],
    "facets": ["brand", {"attribute": "颜色", "size": 10}, "price/50"],
    "sort": ["price"],
    "collapse": "group",
    "min_score": 0.2,
    "boosts": ["0.05 stock"],
    "explain": True,
}
_PICTURE: dict[str, Any] = {"pictures": ["iVBORw0KGgo="], "image_mode": "best"}


def _form_schema() -> dict[str, Any]:
    """Return the form's fields: those of the JSON body, structured ones as JSON text."""
    text = {"type": "string"}
    return {
        "type": "object",
        "properties": {
            "pictures": {
                "type": "array",
                "maxItems": 4,
                "items": {"type": "string", "format": "binary"},
                "description": "JPEG, PNG, WEBP, GIF or AVIF files; several count as their mean.",
            },
            "text": text,
            "filters": {
                "type": "array",
                "items": text,
                "description": "One field each: written (`brand=Nike`) or as a JSON object.",
            },
            "size": {"type": "integer"},
            "offset": {"type": "integer"},
            "profile": text,
            "weights": {"type": "string", "description": "A JSON object."},
            "image_mode": text,
            "similarity": {"type": "string", "description": "A JSON object."},
            "fusion": text,
            "like": {"type": "array", "items": text, "description": "One field for each id."},
            "also": {"type": "array", "items": text, "description": "One field for each text."},
            "but": text,
            "without": text,
            "strength": {"type": "number"},
            "picture_weights": {"type": "string", "description": "A JSON array of numbers."},
            "boxes": {"type": "string", "description": "A JSON array of boxes or null."},
            "subject": {"type": "boolean"},
            "understanding": {"type": "string", "description": "A JSON object."},
            "facets": {
                "type": "array",
                "items": text,
                "description": "One field each: written (`brand`, `price/25`) or a JSON object.",
            },
            "facets_of": text,
            "sort": {"type": "array", "items": text, "description": "One field for each key."},
            "collapse": text,
            "min_score": {"type": "number"},
            "cursor": text,
            "reach": {"type": "integer"},
            "diversity": {"type": "string", "description": "A JSON object."},
            "boosts": {"type": "array", "items": text, "description": "One field for each."},
            "pins": {"type": "string", "description": "A JSON array of ids."},
            "buries": {"type": "string", "description": "A JSON array of ids."},
            "explain": {"type": "boolean"},
        },
        "additionalProperties": False,
    }


SEARCH_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {"$ref": "#/components/schemas/SearchBody"},
            "examples": {
                "words": {"summary": "Words, in Chinese or English", "value": _TEXT},
                "filters": {"summary": "Filters and own weights", "value": _FILTERED},
                "page": {"summary": "Facets, variants as one card, a cut", "value": _PAGE},
                "picture": {"summary": "A small picture as base64", "value": _PICTURE},
            },
        },
        "multipart/form-data": {"schema": _form_schema()},
    },
}


def body_components() -> dict[str, Any]:
    """Return the JSON body's schema and those of its parts, by name."""
    schema = SearchBody.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema.pop("$defs"), "SearchBody": schema}


_PROBLEMS: dict[int, tuple[str, dict[str, Any]]] = {
    400: (
        "What was given cannot be used.",
        {
            "type": "input",
            "status": 400,
            "problem": "size is 500; 0 to 100 are allowed.",
            "cure": "Ask for less.",
        },
    ),
    408: (
        "The body came too slowly.",
        {
            "type": "too_slow",
            "status": 408,
            "problem": "The body did not arrive within 30 s.",
            "cure": "Send it faster, or send less.",
        },
    ),
    409: (
        "The live index holds vectors of other models than this service has loaded.",
        {
            "type": "identity_mismatch",
            "status": 409,
            "problem": OTHER_MODELS,
            "cure": IN_THE_LOG,
        },
    ),
    413: (
        "The request is too large.",
        {
            "type": "too_large",
            "status": 413,
            "problem": "The request is larger than 64 KB.",
            "cure": "Shorten it; send pictures as multipart/form-data instead of base64.",
        },
    ),
    415: (
        "The body is neither JSON nor a form.",
        {
            "type": "unsupported_media",
            "status": 415,
            "problem": "The content type is 'text/plain'; send application/json or"
            " multipart/form-data.",
            "cure": "",
        },
    ),
    429: (
        "As many requests with pictures as may be are being answered.",
        {
            "type": "too_busy",
            "status": 429,
            "problem": "8 requests with pictures are being answered, which is the most.",
            "cure": "Try again in a few seconds.",
        },
    ),
    503: (
        "The node does not answer, models are being loaded, or there is no index yet.",
        {
            "type": "node_unreachable",
            "status": 503,
            "problem": NO_ANSWER,
            "cure": IN_THE_LOG,
        },
    ),
}

SEARCH_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {
        "model": Problem,
        "description": description,
        "content": {"application/json": {"example": example}},
    }
    for status, (description, example) in _PROBLEMS.items()
}
for _status in (429, 503):
    SEARCH_RESPONSES[_status]["headers"] = {
        "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}
    }
