"""``shelfsight tagger``: train what reads attribute values out of titles, and judge it."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from learn.tagger.report import TaggerReport
    from learn.tagger.training import Epoch, OnEpoch
    from mappings.product import Product
    from shelfsight.progress import Steps

app = typer.Typer(help="Train what reads attribute values out of titles.", no_args_is_help=True)
SHOWN = 12

CatalogueOption = Annotated[
    Path | None, typer.Option(help="A .jsonl, .csv or .tsv file, or a folder, as for `ingest`.")
]
ColumnOption = Annotated[
    list[str] | None, typer.Option(help="OURS=THEIRS, such as title=productDisplayName.")
]
LimitOption = Annotated[int, typer.Option(min=50, max=100_000, help="Read no more rows.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command("train")
def train_tagger(
    catalogue: CatalogueOption = None,
    column: ColumnOption = None,
    epochs: Annotated[int, typer.Option(min=1, max=200, help="Passes over the titles.")] = 10,
    limit: LimitOption = 5_000,
    made: Annotated[
        int, typer.Option(min=0, max=50_000, help="Train on so many made-up titles instead.")
    ] = 0,
    into: Annotated[
        Path | None, typer.Option(help="Folder for the tagger; default: the alias's own.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of everything that is drawn by chance.")] = 7,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Measure only, keep nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Train on a catalogue's titles and the attribute values that its own products list.

    A fifth of the products is left out and judged, beside the gazetteer alone. The alias's next
    ingest reads titles with what is kept; without one it uses the catalogue's values as they are.
    """
    from learn.tagger.training import Recipe
    from learn.tagger.trial import try_tagger
    from shelfsight.progress import Steps
    from shelfsight.settings import read_settings
    from shelfsight.wiring import tagger_path

    settings = read_settings()
    products, source = _products(catalogue, column, limit, made, seed)
    with Steps() as steps:
        tagger, found = try_tagger(
            products, Recipe(epochs=epochs, seed=seed), learned_from=source,
            licence="Apache-2.0" if made else "unknown", on_epoch=_on_epoch(steps, epochs),
        )  # fmt: skip
    folder = into or tagger_path(settings)
    if not dry_run:
        tagger.save(folder)
    kept = "nothing (--dry-run)" if dry_run else str(folder)
    _print(found, kept, as_json)


@app.command("eval")
def evaluate_tagger(
    catalogue: CatalogueOption = None,
    column: ColumnOption = None,
    limit: LimitOption = 5_000,
    tagger: Annotated[
        Path | None, typer.Option(help="Folder of the tagger; default: the alias's own.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Judge a tagger on a catalogue, best one that it has not seen."""
    from encoders.extract.tagger import load_tagger
    from learn.tagger.trial import judge
    from shelfsight.settings import read_settings
    from shelfsight.wiring import tagger_path

    folder = tagger or tagger_path(read_settings())
    opened = load_tagger(folder)
    products, _ = _products(catalogue, column, limit, 0, 0)
    _print(judge(opened, products), str(folder), as_json)


def _products(
    catalogue: Path | None, column: list[str] | None, limit: int, made: int, seed: int
) -> "tuple[list[Product], str]":
    from ingest.catalogue import open_catalogue
    from ingest.readers.columns import ColumnMap
    from learn.tagger.made_text import made_products
    from mappings.errors import InputError
    from shelfsight.fitting import read_products

    if made and catalogue is None:
        return list(made_products(made, seed)), f"{made} titles made by learn.tagger.made_text"
    if catalogue is None or made:
        raise InputError(
            "There is nothing to read titles from." if not made else "Two sources are given.",
            "Give either --catalogue PATH, or `tagger train --made NUMBER` for made-up titles.",
        )
    opened = open_catalogue(catalogue, ColumnMap.parse(column or []))
    products = read_products(opened, limit)
    return products, f"{len(products)} products of {catalogue.name}"


def _on_epoch(steps: "Steps", epochs: int) -> "OnEpoch":
    advance = steps.step("training the tagger", "epochs")

    def on_epoch(epoch: "Epoch") -> None:
        advance(epoch.number, epochs)

    return on_epoch


def _print(found: "TaggerReport", folder: str, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(asdict(found) | {"folder": folder}, ensure_ascii=False, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("attribute", "precision", "recall", "F1", "spans")
    for score in found.scores[: SHOWN + 1]:
        numbers = (f"{x:.3f}" for x in (score.precision, score.recall, score.f1))
        table.add_row(score.name, *numbers, str(score.spans))
    Console().print(table)
    typer.echo(f"span F1 {found.f1:.3f}; the gazetteer alone {found.gazetteer_f1:.3f}")
    typer.echo(f"tagger: {folder}")
