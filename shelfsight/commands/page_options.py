"""The options of ``shelfsight search`` that arrange its hits, and how they are read."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mappings.errors import InputError

if TYPE_CHECKING:
    from query.model.diversity import Diversity

Filters = Annotated[
    list[str] | None,
    typer.Option("--filter", help="brand=X, 颜色=红色, price<500, price=100..500; repeatable."),
]
Explain = Annotated[
    bool, typer.Option("--explain", help="Show what every signal gave to every hit, and why.")
]
Facets = Annotated[
    list[str] | None,
    typer.Option(
        "--facet", help="brand, brand:50, 颜色, price=0..50,50.. or price/25; repeatable."
    ),
]
FacetsOf = Annotated[str, typer.Option(help="What facets count: match_set or window.")]
Sort = Annotated[str, typer.Option(help="price, -price, added, stock, brand; several with commas.")]
Collapse = Annotated[str, typer.Option(help="One card for each value of: group, brand.")]
MinScore = Annotated[float | None, typer.Option(help="Leave out hits that score less.")]
Cursor = Annotated[str, typer.Option(help="The cursor that the last page ended with.")]
Reach = Annotated[int, typer.Option(help="How many hits shall be there to be paged to, to 1000.")]
Diverse = Annotated[
    str, typer.Option("--diversity", help="LAMBDA or LAMBDA:image (text, attribute): 0.7:image.")
]
Boosts = Annotated[
    list[str] | None,
    typer.Option(
        "--boost",
        help="'0.05 stock', '0.1 margin 0..0.5', '0.1 new 30', '-0.2 where brand=X'; repeatable.",
    ),
]
Pins = Annotated[
    list[str] | None, typer.Option("--pin", help="Id of a product to stand first; repeatable.")
]
Buries = Annotated[
    list[str] | None, typer.Option("--bury", help="Id of a product to stand last; repeatable.")
]


def read_arrangement(
    *,
    facets: list[str],
    facets_of: str,
    sort: str,
    collapse: str,
    min_score: float | None,
    cursor: str,
    reach: int,
    diversity: str,
    boosts: list[str],
    pins: list[str],
    buries: list[str],
) -> dict[str, Any]:
    """Return the options as the request's fields, by name.

    Raises:
        InputError: One of them cannot be read.
    """
    from query.model.boosts import parse_boost
    from query.model.facets import parse_facet
    from query.model.sorting import parse_sort

    return {
        "facets": tuple(map(parse_facet, facets)),
        "facets_of": facets_of,
        "sort": parse_sort(sort),
        "collapse": collapse,
        "min_score": min_score,
        "cursor": cursor,
        "reach": reach,
        "diversity": _diversity(diversity) if diversity else None,
        "boosts": tuple(map(parse_boost, boosts)),
        "pins": tuple(pins),
        "buries": tuple(buries),
    }


def _diversity(written: str) -> "Diversity":
    from query.model.diversity import Diversity

    number, _, over = written.partition(":")
    try:
        relevance = float(number)
    except ValueError:
        raise InputError(
            f"--diversity {written[:40]!r} cannot be read.", "Write 0.7 or 0.7:text."
        ) from None
    return Diversity(relevance, over or "image")  # type: ignore[arg-type]  # it checks this itself
