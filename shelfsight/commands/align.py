"""``shelfsight align``: learn the projection that takes pictures into the text space."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mappings.errors import InputError

if TYPE_CHECKING:
    from learn.align.recipe import Form
    from shelfsight.alignment_trial import Trial

app = typer.Typer(help="Learn how pictures are taken into the text space.", no_args_is_help=True)
METHODS = ("ridge", "contrastive", "both")


@app.callback()
def align() -> None:
    """Learn how pictures are taken into the text space."""


@app.command()
def fit(
    catalogue: Annotated[
        Path, typer.Option(help="A .jsonl, .csv or .tsv file, or a folder, as for `ingest`.")
    ],
    method: Annotated[
        str,
        typer.Option(help="ridge (seconds), contrastive (minutes), or both: the better is kept."),
    ] = "both",
    pictures: Annotated[
        int, typer.Option(min=20, max=10_000, help="Learn from at most so many pictures.")
    ] = 3_000,
    column: Annotated[
        list[str] | None, typer.Option(help="OURS=THEIRS, such as title=productDisplayName.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Measure only, keep nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Learn from a catalogue's own titles, categories and attributes, and its pictures.

    Prints what each form reaches on products it has not seen, and keeps the better one for the
    alias's next index: the first `ingest`, or `index create` where there is an index already.
    """
    from ingest.catalogue import open_catalogue
    from ingest.readers.columns import ColumnMap
    from shelfsight.alignment_trial import try_forms
    from shelfsight.progress import Steps
    from shelfsight.settings import read_settings

    settings = read_settings()
    opened = open_catalogue(catalogue, ColumnMap.parse(column or []))
    with Steps() as steps:
        found = try_forms(settings, opened, _forms(method), pictures, steps, is_kept=not dry_run)
    if as_json:
        typer.echo(json.dumps(found.to_json(), ensure_ascii=False, indent=2))
    else:
        _print_trial(found, catalogue)


def _forms(method: str) -> "tuple[Form, ...]":
    """Return the forms that a method's name stands for.

    Raises:
        InputError: There is no such method.
    """
    from learn.align.recipe import FORMS

    if method not in METHODS:
        raise InputError(f"There is no method {method!r}.", f"Choose one of {', '.join(METHODS)}.")
    return FORMS if method == "both" else tuple(f for f in FORMS if f == method)


def _print_trial(found: "Trial", catalogue: Path) -> None:
    say = typer.echo
    say(
        f"{found.pictures:,} pictures of {found.products:,} products, {found.texts:,} texts; on"
        " products left out, with 95 % intervals:"
    )
    for tried in found.tried:
        say(f"{tried.form}  (fitted on all in {tried.seconds:.1f} s)")
        for name, one in tried.measures.items():
            say(f"  {name:44} {one.mean:.3f}  [{one.low:.3f}, {one.high:.3f}]  n={one.count:,}")
    if found.path is None:
        say(f"{found.winner} is the better one; nothing was kept")
        return
    say(f"kept: {found.winner}, {found.digest}, in {found.path}")
    say(
        f"An alias without an index takes it with `shelfsight ingest {catalogue}`; one that has an"
        f" index, with `shelfsight index create {catalogue}`, an ingest, and `index swap`."
    )
