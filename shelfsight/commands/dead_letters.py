"""``shelfsight dead-letters``: products that failed for good."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ingest.ledger.ledger import Ledger

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
KindOption = Annotated[str, typer.Option(help="Only dead letters of this kind.")]
IdsArgument = Annotated[list[str] | None, typer.Argument(help="Products; default: all.")]

app = typer.Typer(help="Products that failed for good.", no_args_is_help=True)


@app.command("list")
def list_dead_letters(kind: KindOption = "", as_json: JsonOption = False) -> None:
    """List the open dead letters with their reasons."""
    from dataclasses import asdict

    from ingest.ledger.dead_letters import list_letters

    letters = list_letters(_ledger(), kind)
    if as_json:
        typer.echo(json.dumps([asdict(x) for x in letters], ensure_ascii=False, indent=2))
        return
    for letter in letters:
        typer.echo(f"{letter.id}  {letter.stage}  {letter.kind}  {letter.reason}")
    if not letters:
        typer.echo("no dead letters")


@app.command("show")
def show_dead_letter(product_id: str) -> None:
    """Print a product's dead letter and the record that failed, as JSON."""
    from dataclasses import asdict

    from ingest.ledger.dead_letters import show_letter

    letter, record = show_letter(_ledger(), product_id)
    found = asdict(letter) | {"record": record}
    typer.echo(json.dumps(found, ensure_ascii=False, indent=2))


@app.command("retry")
def retry_dead_letters(ids: IdsArgument = None, kind: KindOption = "") -> None:
    """Send dead letters to the workers again."""
    from ingest.ledger.dead_letters import retry_letters
    from ingest.sender import Sender
    from shelfsight.settings import read_settings
    from shelfsight.wiring import open_app

    sender = Sender(open_app(read_settings()))
    sender.ping()
    again = retry_letters(_ledger(), kind, ids or [])
    for product_id in again:
        sender.send("embed_text", [product_id])
    typer.echo(f"sent {len(again)} again; see `shelfsight ingest-status`")


@app.command("drop")
def drop_dead_letters(ids: IdsArgument = None, kind: KindOption = "") -> None:
    """Put dead letters away; a newer version of the product is accepted as ever."""
    from ingest.ledger.dead_letters import drop_letters

    typer.echo(f"dropped {drop_letters(_ledger(), kind, ids or [])}")


def _ledger() -> "Ledger":
    from shelfsight.settings import read_settings
    from shelfsight.wiring import open_ledger

    return open_ledger(read_settings())
