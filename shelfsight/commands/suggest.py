"""``shelfsight suggest``: complete what was typed, and keep the popular queries."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from query.suggest.popular import QueryCounts

queries = typer.Typer(help="Popular queries, suggested before all others.", no_args_is_help=True)
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def suggest(
    typed: Annotated[str, typer.Argument(help="What was typed so far; lyq finds 连衣裙.")],
    size: Annotated[int, typer.Option(help="At most so many, 1 to 20.")] = 8,
    as_json: JsonOption = False,
) -> None:
    """Complete what was typed: letters, pinyin, initials, popular queries."""
    from query.understand.catalogue_reading import catalogue_reading
    from shelfsight.indices import require_live
    from shelfsight.settings import read_settings
    from shelfsight.wiring import open_client

    settings = read_settings()
    client, index = open_client(settings), require_live(settings)
    reading = catalogue_reading(client, settings.alias, wait=30.0)
    found = reading.suggest(typed, size, index)
    if as_json:
        typer.echo(json.dumps(found.to_json(), ensure_ascii=False, indent=2))
        return
    for one in found.suggestions:
        typer.echo(f"{one.text}  ({one.source}, {one.count}, {one.found})")
    if not found.suggestions:
        typer.echo("Nothing begins like that.")


@queries.command("import")
def import_queries(
    path: Annotated[Path, typer.Argument(help="Lines of query<TAB>count, or JSON lines.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Put a feed of query counts in place of the last one; recorded searches stay."""
    from query.suggest.popular import is_public, read_feed

    counts = read_feed(path)
    kept = {q: n for q, n in counts.items() if is_public(q)}
    written = 0 if dry_run else _counts().replace_feed(kept)
    if as_json:
        left = len(counts) - len(kept)
        typer.echo(json.dumps({"read": len(counts), "left_out": left, "written": written}))
        return
    typer.echo(
        f"{len(counts)} queries read, {len(counts) - len(kept)} left out (too long, no words, or"
        f" with an address or number), {written} written{' (dry run)' if dry_run else ''}"
    )


@queries.command("list")
def list_queries(
    size: Annotated[int, typer.Option(help="At most so many.")] = 20, as_json: JsonOption = False
) -> None:
    """List the popular queries, most frequent first."""
    found = dict(list(_counts().popular().items())[: max(0, size)])
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for query, count in found.items():
        typer.echo(f"{count:8}  {query}")
    if not found:
        typer.echo(
            "No query was asked three times yet; `shelfsight queries import PATH` adds some."
        )


def _counts() -> "QueryCounts":
    from query.suggest.popular import QueryCounts
    from shelfsight.settings import read_settings
    from shelfsight.wiring import open_client

    settings = read_settings()
    return QueryCounts(open_client(settings), settings.alias)
