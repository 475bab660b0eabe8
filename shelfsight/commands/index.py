"""``shelfsight index``: create, compare, swap and print the catalogue's index."""

import json
from typing import Annotated, Any

import typer

app = typer.Typer(help="Create, compare, swap and print the index.", no_args_is_help=True)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command()
def render(
    engine: Annotated[str, typer.Option(help="opensearch or elasticsearch.")] = "opensearch",
) -> None:
    """Print the index body as JSON, for the models of the live index or of the settings."""
    from shelfsight.indices import body_for
    from shelfsight.settings import read_settings

    _print_json(body_for(read_settings(), engine))


@app.command()
def create(
    catalogue: Annotated[str, typer.Argument(help="The catalogue the models are fitted on.")],
) -> None:
    """Fit the space on a catalogue and create its index; a used alias is left where it is."""
    from pathlib import Path

    from ingest.catalogue import open_catalogue
    from shelfsight.indices import prepare_index
    from shelfsight.settings import read_settings

    settings = read_settings()
    typer.echo(prepare_index(settings, open_catalogue(Path(catalogue)), new=True).name)


@app.command("list")
def list_indices(as_json: JsonOption = False) -> None:
    """List the alias's generations, their models and which of them is live."""
    from shelfsight.indices import generations
    from shelfsight.settings import read_settings

    settings = read_settings()
    found = generations(settings)
    if as_json:
        _print_json(found)
        return
    if not found:
        typer.echo(f"no index of the alias {settings.alias!r}; `shelfsight ingest PATH` makes one")
    for entry in found:
        mark = "*" if entry["live"] else " "
        typer.echo(f"{mark} {entry['name']}  {entry['documents']} documents")


@app.command()
def show(as_json: JsonOption = False) -> None:
    """Show the live index: its name, models and calibration."""
    from shelfsight.indices import describe
    from shelfsight.settings import read_settings

    found = describe(read_settings())
    if as_json:
        _print_json(found)
        return
    for key, value in found.items():
        typer.echo(f"{key:12} {json.dumps(value, ensure_ascii=False)}")


@app.command()
def diff(as_json: JsonOption = False) -> None:
    """Compare the live index with what the code would create; exit code 1 when they differ."""
    from shelfsight.indices import differences
    from shelfsight.settings import read_settings

    found = differences(read_settings())
    if as_json:
        _print_json([{"path": d.path, "live": d.live, "wanted": d.wanted} for d in found])
    else:
        for d in found:
            typer.echo(f"{d.path}: live {d.live!r}, wanted {d.wanted!r}")
        if not found:
            typer.echo("The live index is what the code would create.")
    raise typer.Exit(1 if found else 0)


@app.command()
def swap(
    to: Annotated[str, typer.Option(help="The concrete index the alias shall point to.")],
) -> None:
    """Point the alias to another index in one step; the way back is the same command."""
    from mappings.index import read_index
    from mappings.index import swap as swap_alias
    from shelfsight.settings import read_settings
    from shelfsight.spaces import use_space
    from shelfsight.wiring import open_client

    settings = read_settings()
    client = open_client(settings)
    use_space(settings, read_index(client, settings.alias, to).identity.digest)
    before = swap_alias(client, settings.alias, to)
    typer.echo(f"{settings.alias}: {', '.join(before) or 'nothing'} -> {to}")


def _print_json(value: Any) -> None:  # noqa: ANN401 - JSON
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
