"""``shelfsight audit``: what a catalogue's own data says against itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from shelfsight.auditing import Audit

app = typer.Typer(help="Check a catalogue against itself.", no_args_is_help=True)


@app.callback()
def _audit() -> None:
    """Check a catalogue against itself."""


@app.command()
def coherence(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Products listed at most.")] = 50,
    below: Annotated[
        float,
        typer.Option(min=0.0, max=1.0, help="List products whose probability is below this."),
    ] = 0.5,
    html: Annotated[
        Path | None, typer.Option(help="Write a page with the pictures to this file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """List products whose pictures contradict their category, colour or other attributes.

    The catalogue checks itself: what pictures of a category or colour look like is learned from
    all the other products. The least coherent come first; nothing is changed.
    """
    from shelfsight.auditing import audit_coherence, thumbnails
    from shelfsight.commands.audit_page import audit_page
    from shelfsight.progress import Steps
    from shelfsight.settings import read_settings

    settings = read_settings()
    if html is not None:
        _require_folder(html)
    with Steps() as steps:
        found = audit_coherence(settings, limit=limit, below=below, steps=steps)
        if html is not None:
            advance = steps.step("shrinking the pictures", "products")
            page = audit_page(found, thumbnails(found.suspects, advance), settings.alias)
            html.write_text(page, encoding="utf-8")
    if as_json:
        answer = {
            "checked": found.checked,
            "pictures": found.pictures,
            "suspects": [s.to_json() for s in found.suspects],
        }
        typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
    else:
        _print(found)
    if html is not None:
        typer.echo(f"The page is {html}.", err=as_json)


def _require_folder(html: Path) -> None:
    """Refuse a page that could not be written, before minutes are spent on it.

    Raises:
        InputError: Its folder does not exist, or it is a folder itself.
    """
    from mappings.errors import InputError

    if html.is_dir() or not html.absolute().parent.is_dir():
        raise InputError(
            f"The page {str(html)!r} cannot be written: "
            + ("it is a folder." if html.is_dir() else "there is no such folder."),
            "Name a file in a folder that exists, such as coherence.html.",
        )


def _print(found: Audit) -> None:
    say = typer.echo
    say(f"{found.checked:,} products with {found.pictures:,} pictures were checked.")
    if not found.suspects:
        say("No product's pictures contradict its words.")
    for suspect in found.suspects:
        say(f"\n{suspect.probability:.2f}  {suspect.id}  {suspect.title}")
        for why in suspect.reasons:
            say(f"      {why.english}")
            for path in why.pictures:
                say(f"        {path}")
        say(f"      The nearest pictures are of {suspect.resembles[0]} ({suspect.resembles[1]}).")
