"""``shelfsight demo``: the main job from nothing to explained hits."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    catalogue: Annotated[
        Path | None, typer.Option(help="A real catalogue instead of the drawn one.")
    ] = None,
    products: Annotated[int, typer.Option(help="Products to draw.", min=1)] = 1_000,
    pictures: Annotated[int, typer.Option(help="Pictures a product.", min=1)] = 10,
    tags: Annotated[int, typer.Option(help="Attribute tags a product.", min=1)] = 100,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget what an earlier demo has ingested.")
    ] = False,
    record: Annotated[
        Path | None, typer.Option(help="Keep the first answer as a picture (SVG).")
    ] = None,
) -> None:
    """Draw a catalogue, start the servers, ingest through Celery workers, and search: a tour."""
    from demo.screen import play

    raise typer.Exit(play(catalogue, (products, pictures, tags), fresh=fresh, record=record))
