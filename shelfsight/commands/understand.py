"""``shelfsight understand``: what a query's words ask for, without searching."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from query.model.understood import Constraint, Understood


def understand(
    text: Annotated[str, typer.Argument(help="Words, in Chinese, English or both.")],
    treat: Annotated[
        list[str] | None,
        typer.Option(help="KIND=hard, soft or off, such as colour=hard; repeatable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show what is read in a query: its head word, price, colour, other wordings, rules."""
    from query.model.request import SearchRequest
    from query.model.understanding import Understanding, read_treatments
    from query.understand.catalogue_reading import catalogue_reading
    from shelfsight.indices import require_live
    from shelfsight.settings import read_settings
    from shelfsight.wiring import open_client

    request = SearchRequest(text, understanding=Understanding(read_treatments(treat or [])))
    settings = read_settings()
    client, index = open_client(settings), require_live(settings)
    found = catalogue_reading(client, settings.alias, wait=30.0).read(request, index).understood
    if as_json:
        typer.echo(json.dumps(found.to_json(), ensure_ascii=False, indent=2))
        return
    for line in lines_of(found):
        typer.echo(line)


def lines_of(found: "Understood") -> list[str]:
    """Return what was understood in lines that people like to read."""
    lines = [f"language   {found.language}{', traditional' if found.traditional else ''}"]
    lines.append(f"words      {' '.join(f'{t.text}/{t.role}' for t in found.tokens)}")
    lines.append(f"head       {found.head or '-'}{f' ({found.thing})' if found.thing else ''}")
    lines += [f"{c.kind:10} {_constraint(c)}" for c in found.constraints]
    lines += [f"also       {v.text} ({v.why}, counts {v.weight:g})" for v in found.variants]
    if found.model_number:
        lines.append(f"model      {found.model_number}")
    lines += [f"rule       {rule.id} (because of {rule.why})" for rule in found.rules]
    lines.append(f"searched   {found.searched}")
    return lines


def _constraint(c: "Constraint") -> str:
    low = "" if c.low is None else f"{c.low:g}"
    high = "" if c.high is None else f"{c.high:g}"
    value = f"{low}..{high} {c.currency}".strip() if c.kind == "price" else c.value
    known = f" = {', '.join(c.values[:5])}" if c.kind != "price" and c.values else ""
    unknown = "" if c.column else ", unknown to the catalogue"
    return f"{value} ({c.text}){known}; {'must' if c.hard else 'adds points'}{unknown}"
