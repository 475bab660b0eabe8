"""``shelfsight index``: create, compare, swap and print the catalogue's index."""

import json
from typing import Annotated, Any

import typer

app = typer.Typer(help="Create, compare, swap and print the index.", no_args_is_help=True)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command()
def render(
    engine: Annotated[str, typer.Option(help="opensearch or elasticsearch.")] = "opensearch",
    alias: Annotated[str, typer.Option(help="Whose models; default: the settings'.")] = "",
) -> None:
    """Print the index body as JSON, for the models of the live index or of the settings."""
    from shelfsight.indices import body_for

    _print_json(body_for(_settings(alias), engine))


@app.command()
def create(
    catalogue: Annotated[str, typer.Argument(help="The catalogue the models are fitted on.")],
    alias: Annotated[str, typer.Option(help="Default: the settings'.")] = "",
) -> None:
    """Fit the space on a catalogue and create its index; a used alias is left where it is."""
    from pathlib import Path

    from ingest.catalogue import open_catalogue
    from shelfsight.indices import prepare_index

    settings = _settings(alias)
    typer.echo(prepare_index(settings, open_catalogue(Path(catalogue)), new=True).name)


@app.command("list")
def list_indices(alias: str = "", as_json: JsonOption = False) -> None:
    """List the alias's generations, their models and which of them is live."""
    from shelfsight.indices import generations

    found = generations(_settings(alias))
    if as_json:
        _print_json(found)
        return
    for entry in found:
        mark = "*" if entry["live"] else " "
        typer.echo(f"{mark} {entry['name']}  {entry['documents']} documents")


@app.command()
def show(alias: str = "", as_json: JsonOption = False) -> None:
    """Show the live index: its name, models and calibration."""
    from shelfsight.indices import describe

    found = describe(_settings(alias))
    if as_json:
        _print_json(found)
        return
    for key, value in found.items():
        typer.echo(f"{key:12} {json.dumps(value, ensure_ascii=False)}")


@app.command()
def diff(alias: str = "", as_json: JsonOption = False) -> None:
    """Compare the live index with what the code would create; exit code 1 when they differ."""
    from shelfsight.indices import differences

    found = differences(_settings(alias))
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
    alias: str = "",
) -> None:
    """Point the alias to another index in one step; the way back is the same command."""
    from mappings.index import read_index
    from mappings.index import swap as swap_alias
    from shelfsight.spaces import use_space
    from shelfsight.wiring import open_client

    settings = _settings(alias)
    client = open_client(settings)
    use_space(settings, read_index(client, settings.alias, to).identity.digest)
    before = swap_alias(client, settings.alias, to)
    typer.echo(f"{settings.alias}: {', '.join(before) or 'nothing'} -> {to}")


def _settings(alias: str) -> Any:  # noqa: ANN401 - Settings, imported only when needed
    from shelfsight.settings import read_settings

    settings = read_settings()
    return settings.model_copy(update={"alias": alias}) if alias else settings


def _print_json(value: Any) -> None:  # noqa: ANN401 - JSON
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
