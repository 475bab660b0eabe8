"""The `shelfsight` program: one command for each thing a person does with it."""

import errno
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from mappings.errors import EXIT_ENVIRONMENT, ShelfsightError
from shelfsight.commands import (
    align,
    attach,
    audit,
    dead_letters,
    evaluate,
    index,
    ingest,
    rules,
    search,
    serve,
    stack,
    suggest,
    tagger,
    understand,
)
from shelfsight.guard import require_own_packages

app = typer.Typer(
    name="shelfsight",
    help="Multimodal product search on OpenSearch: text, pictures and attributes in one"
    " explained formula.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def options(
    alias: Annotated[
        str, typer.Option(help="The index's alias; default: SHELFSIGHT_ALIAS, or products.")
    ] = "",
) -> None:
    """Set what holds for every command."""
    if alias:
        os.environ["SHELFSIGHT_ALIAS"] = alias


if (Path(__file__).parents[1] / "pyproject.toml").is_file():  # a checkout: no wheel has the demo
    from demo.command import demo

    app.command()(demo)
app.command()(stack.up)
app.command()(stack.down)
app.command()(stack.status)
app.command()(stack.doctor)
app.command()(ingest.ingest)
app.command()(ingest.ingest_status)
app.command()(ingest.reconcile)
app.add_typer(dead_letters.app, name="dead-letters")
app.command()(search.search)
app.command()(understand.understand)
app.command()(suggest.suggest)
app.add_typer(suggest.queries, name="queries")
app.add_typer(rules.app, name="rules")
app.command()(serve.serve)
app.add_typer(tagger.app, name="tagger")
app.add_typer(index.app, name="index")
app.command()(evaluate.evaluate)
app.add_typer(attach.app, name="attach")
app.add_typer(align.app, name="align")
app.add_typer(audit.app, name="audit")


def as_called(cure: str) -> str:
    """Return a cure that names this program the way it was called (``./run``, in a checkout)."""
    return cure.replace("`shelfsight ", f"`{os.environ.get('SHELFSIGHT_CALLED_AS', 'shelfsight')} ")


def main() -> None:
    """Run the command line; our errors become one clear line, the cure, and an exit code."""
    try:
        require_own_packages()
        app()
    except ShelfsightError as error:
        print(f"shelfsight: {error.problem}", file=sys.stderr)  # noqa: T201 - the program's voice
        if error.cure:
            print(f"            {as_called(error.cure)}", file=sys.stderr)  # noqa: T201
        sys.exit(error.exit_code)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        where = f" ({error.filename})" if error.filename else ""
        print(f"shelfsight: No room is left on the disk{where}.", file=sys.stderr)  # noqa: T201
        print("            Free some and start again; nothing is done twice.", file=sys.stderr)  # noqa: T201
        sys.exit(EXIT_ENVIRONMENT)
