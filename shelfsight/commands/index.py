"""``shelfsight index``: create, compare, swap and print the catalogue's index."""

import json
import sys
from pathlib import Path
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
    """Fit the space on a catalogue and create its index.

    An alias that is in use stays where it is: the next ingest fills the new index too, and
    `swap` then points the alias to it.
    """
    from ingest.catalogue import open_catalogue
    from mappings.index import alias_targets
    from shelfsight.indices import prepare_index
    from shelfsight.settings import read_settings
    from shelfsight.wiring import open_client

    settings = read_settings()
    made = prepare_index(settings, open_catalogue(Path(catalogue)), new=True)
    typer.echo(made.name)
    if alias_targets(open_client(settings), settings.alias) != (made.name,):
        print(  # noqa: T201 - the program's voice
            f"{settings.alias} stays where it is; fill the new index with `shelfsight ingest"
            f" {catalogue}`, then `shelfsight index swap`.",
            file=sys.stderr,
        )


@app.command("list")
def list_indices(as_json: JsonOption = False) -> None:
    """List the alias's generations: * is live, > is the next one, which an ingest fills."""
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
        mark = "*" if entry["live"] else ">" if entry["next"] else " "
        typer.echo(f"{mark} {entry['name']}  {entry['documents']} documents")


@app.command()
def show(as_json: JsonOption = False) -> None:
    """Show the live index: its name, models and calibration."""
    from shelfsight.calibrating import scale_row
    from shelfsight.indices import describe
    from shelfsight.settings import read_settings

    found = describe(read_settings())
    if as_json:
        _print_json(found)
        return
    scales = found.pop("calibration", {})
    for key, value in found.items():
        typer.echo(f"{key:12} {json.dumps(value, ensure_ascii=False)}")
    for name, entry in scales.items():
        typer.echo(f"{'scale':12} {name:18} {scale_row(entry)}")


@app.command()
def calibrate(
    plot: Annotated[
        Path | None, typer.Option(help="Draw the distributions: a PNG, SVG or PDF file.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of the products that are drawn.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Measure and show; write nothing to the index.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Measure the live index's scales anew on products drawn from it, and keep them."""
    from query.calibration.plot import draw_calibration, require_drawable
    from shelfsight.calibrating import meaning_of, recalibrate
    from shelfsight.settings import read_settings

    if plot is not None:
        require_drawable(plot)
    found = recalibrate(read_settings(), seed=seed, write=not dry_run)
    if plot is not None:
        draw_calibration(found.measured, found.tops, found.after, plot)
    meaning = meaning_of(found.after)
    if as_json:
        _print_json(
            {
                "index": found.index,
                "products": found.products,
                "written": not dry_run,
                "before": found.before.to_meta(),
                "calibration": found.after.to_meta(),
                "meaning": meaning,
                "plot": str(plot) if plot else None,
            }
        )
        return
    for name, words in meaning.items():
        typer.echo(f"{name:18} {words}")
    done = "measured only" if dry_run else "kept"
    typer.echo(f"{found.index}: {done}, from {found.products} products")


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
    to: Annotated[
        str, typer.Option(help="The index the alias shall point to; the next one if left out.")
    ] = "",
    yes: Annotated[
        bool, typer.Option("--yes", help="Even to one that lacks products or holds older ones.")
    ] = False,
) -> None:
    """Point the alias to another index in one step; the way back is the same command."""
    from mappings.index import read_index
    from mappings.index import swap as swap_alias
    from shelfsight.rebuilding import next_index, require_filled
    from shelfsight.settings import read_settings
    from shelfsight.spaces import use_space
    from shelfsight.wiring import open_client

    settings = read_settings()
    client = open_client(settings)
    to = to or next_index(settings)
    digest = read_index(client, settings.alias, to).identity.digest
    if not yes:
        require_filled(settings, to)
    use_space(settings, digest)
    before = swap_alias(client, settings.alias, to)
    typer.echo(f"{settings.alias}: {', '.join(before) or 'nothing'} -> {to}")


def _print_json(value: Any) -> None:  # noqa: ANN401 - JSON
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
