"""``shelfsight rules``: synonyms, rewrites, pins and boosts, changed without reindexing."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from query.rules.book import RuleBook
    from query.rules.store import RuleStore

app = typer.Typer(
    help="Synonyms and rules; every search program sees a change within seconds.",
    no_args_is_help=True,
)
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
FileArgument = Annotated[Path, typer.Argument(help="A TOML or JSON file.")]


@app.command("check")
def check(path: FileArgument, as_json: JsonOption = False) -> None:
    """Read a file of rules and say what is wrong with it; nothing is written."""
    from query.rules.reading import load_book

    _report(load_book(path), "can be imported", as_json)


@app.command("import")
def import_rules(
    path: FileArgument,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Put a file's rules in place of those that hold now; earlier versions are kept."""
    from query.rules.reading import load_book

    book = load_book(path)
    if dry_run:
        _report(book, "would be imported", as_json)
        return
    _report(_store().save(book), "imported", as_json)


@app.command("export")
def export(
    version: Annotated[int | None, typer.Option(help="An earlier version.", min=1)] = None,
    to: Annotated[Path | None, typer.Option(help="A file; default: standard output.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Print the rules that hold now, or an earlier version, as JSON that import reads."""
    text = json.dumps(_store().load(version).to_json(), ensure_ascii=False, indent=2)
    if to is None:
        typer.echo(text)
        return
    _write(to, text)
    typer.echo(json.dumps({"written": str(to)}) if as_json else f"written to {to}")


@app.command("list")
def list_rules(as_json: JsonOption = False) -> None:
    """List the rules that hold now."""
    book = _store().load()
    if as_json:
        typer.echo(json.dumps(book.to_json(), ensure_ascii=False, indent=2))
        return
    typer.echo(f"version {book.version}")
    for row in book.synonyms:
        sign = f" -> {', '.join(row.to)}" if row.to else ""
        typer.echo(f"  synonyms  {', '.join(row.words)}{sign} (counts {row.weight:g})")
    for rule in book.rules:
        does = [k for k in ("rewrite", "pin", "bury", "filter", "boost") if getattr(rule, k)]
        typer.echo(
            f"  rule      {rule.id}: {rule.match} {', '.join(rule.queries)}: {', '.join(does)}"
        )


def _report(book: "RuleBook", done: str, as_json: bool) -> None:
    if as_json:
        said = {"version": book.version, "synonyms": len(book.synonyms), "rules": len(book.rules)}
        typer.echo(json.dumps(said | {"state": done}))
        return
    number = f" as version {book.version}" if done == "imported" else ""
    typer.echo(f"{len(book.synonyms)} rows of synonyms, {len(book.rules)} rules {done}{number}")


def _write(path: Path, text: str) -> None:
    from mappings.errors import InputError

    try:
        path.write_text(text + "\n", "utf-8")
    except OSError as error:
        raise InputError(
            f"{str(path)!r} cannot be written: {error.strerror}.", "Give another path with --to."
        ) from None


def _store() -> "RuleStore":
    from query.rules.store import RuleStore
    from shelfsight.settings import read_settings
    from shelfsight.wiring import open_client

    settings = read_settings()
    return RuleStore(open_client(settings), settings.alias)
