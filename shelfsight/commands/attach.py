"""``shelfsight attach``: add vectors to a search that a shop already runs, and take them away."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mappings.errors import EXIT_OK, EXIT_PARTLY

if TYPE_CHECKING:
    from attach.backfill import Backfilled
    from shelfsight.attach_proposal import Proposal

app = typer.Typer(help="Add vectors to a search that a shop already runs.")

IndexOption = Annotated[str, typer.Option("--index", help="The shop's index, or its alias.")]
PicturesOption = Annotated[
    Path | None,
    typer.Option(
        help="The folder that the shop's picture paths start from; remembered, as all that is given"
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do it; without it nothing is written.")]


@app.callback(invoke_without_command=True)
def attach(
    context: typer.Context,
    index: IndexOption = "",
    mode: Annotated[
        str,
        typer.Option(
            help="parallel (an index of our own beside it; the default), or in_place; once"
            " attached, as it is."
        ),
    ] = "",
    columns: Annotated[
        Path | None, typer.Option(help="A TOML file: which field is the title, and so on.")
    ] = None,
    pictures: PicturesOption = None,
    bodies: Annotated[
        Path | None, typer.Option(help="The shop's own bodies, one a line: its scores' scale.")
    ] = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Say what attaching to a shop's index would do; with --yes, do it, or go on with it.

    Exit code 0: possible, or done; 1: some documents failed or pictures were left out; 2: not
    possible, or input; 3: the surroundings.
    """
    if context.invoked_subcommand is not None:
        return
    from shelfsight.attach_proposal import propose
    from shelfsight.settings import read_settings

    settings = read_settings()
    proposal = propose(settings, _required(index), mode, columns)
    if not yes:
        _show(proposal, as_json)
        raise typer.Exit(2 if proposal.hindrances else 0)
    from shelfsight.attaching import carry_out
    from shelfsight.progress import Steps

    with Steps() as steps:
        attached, done = carry_out(settings, proposal, pictures, bodies, steps)
    _report(done, as_json, {"index": attached.index, "target": attached.target})


@app.command()
def status(index: IndexOption, as_json: JsonOption = False) -> None:
    """Say how far an attached index is filled, and how far it is behind the shop's writes."""
    from shelfsight.attaching import status_of
    from shelfsight.settings import read_settings

    _print(status_of(read_settings(), index), as_json)


@app.command()
def reconcile(
    index: IndexOption,
    pictures: PicturesOption = None,
    yes: Annotated[
        bool,
        typer.Option("--yes", help="Drop the vectors of more lost pictures than a tenth."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Compare every document with its vectors, and put back what the shop's writes erased.

    Exit code 0: all is as it should be; 1: some documents failed or pictures were left out; 2:
    input; 3: the surroundings.
    """
    from shelfsight.attaching import reconcile_attached
    from shelfsight.progress import Steps
    from shelfsight.settings import read_settings

    with Steps() as steps:
        done = reconcile_attached(read_settings(), index, pictures, steps, drop_lost=yes)
    _report(done, as_json, {})


@app.command()
def calibrate(
    index: IndexOption,
    bodies: Annotated[Path, typer.Option(help="The shop's own bodies, one a line, as JSON.")],
    as_json: JsonOption = False,
) -> None:
    """Measure the scale of the shop's scores by its own bodies, and write it down."""
    from shelfsight.attaching import measure
    from shelfsight.settings import read_settings

    scale = measure(read_settings(), index, bodies)
    _print({"lexical_scale": scale.c}, as_json)


@app.command()
def detach(index: IndexOption, yes: YesOption = False, as_json: JsonOption = False) -> None:
    """Take away what attaching added, and say what stays."""
    from shelfsight.attaching import detach as take_away
    from shelfsight.attaching import require_attached
    from shelfsight.settings import read_settings
    from shelfsight.wiring import open_client

    settings = read_settings()
    if yes:
        _print(take_away(settings, index), as_json)
        return
    _, attached = require_attached(open_client(settings), index)
    _print({"would_detach": attached.index, "mode": attached.mode, "do_it": "--yes"}, as_json)


def _required(index: str) -> str:
    from mappings.errors import InputError

    if not index:
        raise InputError("No index is named.", "Name the shop's: `shelfsight attach --index NAME`.")
    return index


def _show(proposal: "Proposal", as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(proposal.to_json(), ensure_ascii=False, indent=2))
        return
    typer.echo(f"{proposal.shop.name}: {proposal.documents:,} documents, mode {proposal.mode}")
    for hindrance in proposal.hindrances:
        typer.echo(f"not possible: {hindrance.problem}\n              {hindrance.cure}")
    if not proposal.hindrances:
        going_on = " (begun before: it goes on)" if proposal.attached else ""
        typer.echo(f"would{going_on}:")
        for change in proposal.changes:
            typer.echo(f"  - {change}")
    typer.echo(
        "\nThe shop's fields that are embedded; to change them, save, edit and give the file"
    )
    typer.echo("with --columns:\n")
    typer.echo(proposal.columns.to_toml())
    typer.echo("Nothing was written." + ("" if proposal.hindrances else " Add --yes to do it."))


def _report(done: "Backfilled", as_json: bool, more: dict[str, str]) -> None:
    from shelfsight.cli import as_called

    found = more | done.to_json()
    if not as_json:
        found.pop("notes")
    _print(found, as_json)
    for note in done.notes:
        typer.echo(as_called(note), err=True)
    raise typer.Exit(EXIT_OK if done.is_whole else EXIT_PARTLY)


def _print(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for name, value in found.items():
        plain = f"{value:,}" if isinstance(value, int) else value
        typer.echo(f"{name:>14}  {plain}")
