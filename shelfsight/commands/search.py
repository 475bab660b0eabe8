"""``shelfsight search``: ask with words, pictures and filters, and see why each hit was found."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mappings.errors import InputError
from shelfsight.commands import page_options as paging
from shelfsight.commands import search_options as options

if TYPE_CHECKING:
    from query.model.request import SearchRequest

SPOKEN = "spoken"
"""Stands for the words until they are heard: the request is checked before models load."""


def search(
    text: Annotated[str, typer.Argument(help="Words, in Chinese, English or both.")] = "",
    image: options.Pictures = None,
    box: options.Boxes = None,
    subject: options.Subject = False,
    share: options.Shares = None,
    like: options.Like = None,
    also: options.Also = None,
    but: options.But = "",
    without: options.Without = "",
    strength: options.Strength = 1.0,
    voice: options.Voice = None,
    language: options.Language = "en",
    filters: paging.Filters = None,
    profile: Annotated[str, typer.Option(help="A profile's name.")] = "default",
    weight: options.Weights = None,
    fusion: options.Fusion = "exact",
    treat: options.Treat = None,
    as_written: options.AsWritten = False,
    size: Annotated[int, typer.Option(help="Hits on the page, at most 100.")] = 10,
    offset: Annotated[int, typer.Option(help="Hits before the page.")] = 0,
    facet: paging.Facets = None,
    facets_of: paging.FacetsOf = "match_set",
    sort: paging.Sort = "",
    collapse: paging.Collapse = "",
    min_score: paging.MinScore = None,
    cursor: paging.Cursor = "",
    reach: paging.Reach = 0,
    diversity: paging.Diverse = "",
    boost: paging.Boosts = None,
    pin: paging.Pins = None,
    bury: paging.Buries = None,
    best_picture: options.BestPicture = False,
    explain: paging.Explain = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Search the catalogue with words, pictures, products, speech, or several of them."""
    from query.model.filters import parse_filter
    from query.model.request import SearchRequest
    from query.model.understanding import Understanding, read_treatments

    if voice and text:
        raise InputError("Words and --voice are both given.", "Give one of them.")
    request = SearchRequest(
        text or (SPOKEN if voice else ""),
        pictures=tuple(options.read_picture(one) for one in image or ()),
        filters=tuple(parse_filter(f) for f in filters or ()),
        size=size,
        offset=offset,
        profile=profile,
        weights=_weights(weight or []),
        image_mode="best" if best_picture else "pooled",
        fusion=fusion,
        understanding=Understanding(read_treatments(treat or []), enabled=not as_written),
        mixture=options.read_mixture(
            boxes=box or (), shares=share or (), like=like or (), also=also or (),
            but=but, without=without, strength=strength, subject=subject,
        ),
        **paging.read_arrangement(
            facets=facet or [], facets_of=facets_of, sort=sort, collapse=collapse,
            min_score=min_score, cursor=cursor, reach=reach, diversity=diversity,
            boosts=boost or [], pins=pin or [], buries=bury or [],
        ),
        explain=explain,
    )  # fmt: skip
    _answer(request, (voice, language) if voice else None, explain=explain, as_json=as_json)


def _answer(
    request: "SearchRequest", spoken: tuple[Path, str] | None, *, explain: bool, as_json: bool
) -> None:
    from shelfsight.settings import read_settings
    from shelfsight.wiring import open_engine, require_node

    settings = read_settings()
    require_node(settings)
    engine = open_engine(settings)
    transcript = options.hear(*spoken, settings.transcriber, engine) if spoken else None
    if transcript:
        request = replace(request, text=transcript.text)
    result = engine.search(request)
    if as_json:
        heard = {"transcript": transcript.to_json()} if transcript else {}
        typer.echo(json.dumps(result.to_json() | heard, ensure_ascii=False, indent=2))
        return
    from rich.console import Console

    from shelfsight.commands.result_table import result_table

    if transcript:
        typer.echo(f"Heard: {transcript.text}", err=True)
    Console().print(result_table(result, explain=explain, first=request.offset + 1))


def _weights(given: list[str]) -> dict[str, float]:
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
