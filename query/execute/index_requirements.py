"""What a request needs of the live index: pictures, and the columns that it names."""

from mappings.errors import InputError
from mappings.index import CatalogueIndex
from query.encode.texts import encoded_texts
from query.model.intent import Intent
from query.model.request import SearchRequest
from query.model.window import RELEVANCE


def require_pictures(intent: Intent, examples: bool, index: CatalogueIndex) -> None:
    """Refuse a request with pictures alone where the index has no pictures.

    Args:
        intent: The request understood.
        examples: Whether the request has stored products as examples.
        index: The live index.

    Raises:
        InputError: It does.
    """
    if intent.request.pictures and not (index.identity.image or examples or encoded_texts(intent)):
        raise InputError(
            f"Index {index.name!r} was made without pictures: it cannot be asked with one alone.",
            "Ask with words; to search by pictures, correct the catalogue's paths to them, then"
            " `shelfsight index create CATALOGUE`, an ingest, and `index swap`.",
        )


def require_columns(request: SearchRequest, index: CatalogueIndex) -> None:
    """Refuse a sort, collapse or facet column that the live index does not have.

    Raises:
        InputError: The column is named, and the index.
    """
    asked = [key.column for key in request.sort if key.column != RELEVANCE]
    asked += [request.collapse] if request.collapse else []
    asked += [facet.column.name for facet in request.facets]
    there = index.mapping.get("properties", {})
    if lacking := [column for column in asked if column not in there]:
        raise InputError(
            f"Index {index.name!r} has no column {lacking[0]!r}.",
            "Build the index anew with this version: `shelfsight index create`.",
        )
