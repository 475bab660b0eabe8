"""``shelfsight search``: ask with words, pictures and filters, and see why each hit was found."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from query.request import SearchRequest


def search(
    text: Annotated[str, typer.Argument(help="Words, in Chinese, English or both.")] = "",
    image: Annotated[list[Path] | None, typer.Option(help="A picture file; repeatable.")] = None,
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", help="brand=X, 颜色=红色, price<500, price=100..500; repeatable."),
    ] = None,
    profile: Annotated[str, typer.Option(help="A profile's name.")] = "default",
    weight: Annotated[
        list[str] | None, typer.Option(help="SIGNAL=NUMBER, such as image=0.5; repeatable.")
    ] = None,
    size: Annotated[int, typer.Option(help="Hits on the page, at most 100.")] = 10,
    offset: Annotated[int, typer.Option(help="Hits before the page.")] = 0,
    best_picture: Annotated[
        bool, typer.Option("--best-picture", help="Score each product by its best picture.")
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show what every signal gave to every hit.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Search the catalogue with words, pictures, or both."""
    from query.filters import parse_filter
    from query.request import SearchRequest

    request = SearchRequest(
        text,
        pictures=tuple(_picture(path) for path in image or ()),
        filters=tuple(parse_filter(f) for f in filters or ()),
        size=size,
        offset=offset,
        profile=profile,
        weights=_weights(weight or []),
        image_mode="best" if best_picture else "pooled",
    )
    _answer(request, explain=explain, as_json=as_json)


def _answer(request: "SearchRequest", *, explain: bool, as_json: bool) -> None:
    from shelfsight.settings import read_settings
    from shelfsight.wiring import open_engine

    result = open_engine(read_settings()).search(request)
    if as_json:
        typer.echo(json.dumps(result.to_json(), ensure_ascii=False, indent=2))
        return
    from rich.console import Console

    from shelfsight.commands.result_table import result_table

    Console().print(result_table(result, explain=explain, first=request.offset + 1))


def _picture(path: Path) -> bytes:
    from mappings.errors import InputError

    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"The picture {str(path)!r} cannot be read: {error.strerror}.",
            "Give the path of a JPEG, PNG, WEBP, GIF or AVIF file.",
        ) from None


def _weights(given: list[str]) -> dict[str, float]:
    from mappings.errors import InputError

    found: dict[str, float] = {}
    for entry in given:
        name, _, number = entry.partition("=")
        try:
            found[name.strip()] = float(number)
        except ValueError:
            raise InputError(
                f"Weight {entry!r} cannot be read.", "Write SIGNAL=NUMBER, such as image=0.5."
            ) from None
    return found
