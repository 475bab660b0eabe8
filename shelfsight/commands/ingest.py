"""``shelfsight ingest``, ``ingest-status``, ``reconcile`` and ``dead-letters``."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ingest.follow import Progress
    from ingest.report import Report
    from shelfsight.progress import Steps
    from shelfsight.settings import Settings

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
KindOption = Annotated[str, typer.Option(help="Only dead letters of this kind.")]
IdsArgument = Annotated[list[str] | None, typer.Argument(help="Products; default: all.")]
SHOWN = 10
UNDER_WAY = (
    "What was accepted goes on in the workers. Start again to follow it; nothing is embedded twice."
)


def ingest(
    path: Annotated[Path, typer.Argument(help="A .jsonl, .csv or .tsv file, or a folder.")],
    full: Annotated[bool, typer.Option("--full", help="Delete known products it lacks.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Delete even more than a tenth.")] = False,
    column: Annotated[
        list[str] | None, typer.Option(help="OURS=THEIRS, such as title=productDisplayName.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Read no more rows.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Ingest a catalogue: read, embed, index, and account for every row.

    Unchanged products are not sent; an interrupted ingest goes on where it was. Exit code 0: all
    is indexed; 1: rows were rejected or products are dead letters; 2: input; 3: surroundings.
    """
    from ingest.catalogue import open_catalogue
    from ingest.columns import ColumnMap
    from shelfsight.settings import read_settings

    settings = read_settings()
    catalogue = open_catalogue(path, ColumnMap.parse(column or []))
    report = run_ingest(settings, catalogue, full=full, yes=yes, limit=limit)
    if as_json:
        typer.echo(json.dumps(report.to_json(), ensure_ascii=False, indent=2))
    else:
        _print_report(report)
    raise typer.Exit(report.exit_code)


def run_ingest(
    settings: "Settings",
    catalogue: Any,  # noqa: ANN401 - ingest.catalogue.Catalogue
    *,
    full: bool = False,
    yes: bool = False,
    limit: int | None = None,
    on_progress: "Callable[[Progress], None]" = lambda _: None,
) -> "Report":
    """Prepare the index where there is none, ingest with progress, and return the report.

    Args:
        settings: Whose alias, stack and models.
        catalogue: What to ingest.
        full: As ``ingest_feed``.
        yes: As ``ingest_feed``.
        limit: As ``ingest_feed``.
        on_progress: Called besides the bars.

    Raises:
        ShelfsightError: See ``ingest.feed.ingest_feed``.
    """
    from ingest.feed import ingest_feed
    from ingest.sender import Sender
    from ingest.target import read_target
    from shelfsight.indices import finish_index, prepare_index
    from shelfsight.interruption import when_ended
    from shelfsight.progress import Steps
    from shelfsight.stack import ensure_workers
    from shelfsight.wiring import open_app, open_client, open_extractor, open_ledger

    when_ended(lambda: UNDER_WAY)
    ensure_workers(settings)
    sender = Sender(open_app(settings))
    sender.ping()
    prepare_index(settings, catalogue)
    ledger, client = open_ledger(settings), open_client(settings)
    try:
        with Steps() as steps:
            bars = show_progress(steps)

            def advance(progress: "Progress") -> None:
                bars(progress)
                on_progress(progress)

            report = ingest_feed(
                catalogue, ledger, sender, read_target(client, settings.alias),
                full=full, yes=yes, limit=limit, on_progress=advance,
                enrich=open_extractor(settings).enriched,
            )  # fmt: skip
            finish_index(settings, catalogue)
            return report
    except KeyboardInterrupt:
        pending = ledger.counts().pending
        print(  # noqa: T201 - the program's voice
            f"stopped; {pending} products are under way and go on in the workers. Start again to"
            " follow them; nothing is embedded twice.",
            file=sys.stderr,
        )
        raise
    finally:
        ledger.close()
        client.close()


def show_progress(steps: "Steps") -> "Callable[[Progress], None]":
    """Return what draws a run's progress: a bar for each stage, and why nothing moves."""
    texts = steps.step("reading texts", "products")
    pictures = steps.step("looking at pictures", "pictures")
    indexed = steps.step("indexing", "products")
    said = [""]

    def advance(progress: "Progress") -> None:
        total = 0 if progress.reading else progress.total
        done = {name: items for name, (_, items) in progress.stages.items()}
        texts(min(done.get("embed_text", 0), progress.total), total)
        # Vectors are counted batch by batch, pictures found in the spool when their task is done.
        seen = max(done.get("embed_image", 0), done.get("picture_vectors", 0))
        pictures(min(seen, progress.pictures), 0 if progress.reading else progress.pictures)
        indexed(progress.done, total)
        if progress.note and progress.note != said[0]:
            print(f"waiting: {progress.note}", file=sys.stderr)  # noqa: T201
        said[0] = progress.note

    return advance


def ingest_status(as_json: JsonOption = False) -> None:
    """Say what the ledger holds: accepted, indexed, pending, dead, and why work stands still."""
    from dataclasses import asdict

    from shelfsight.settings import read_settings
    from shelfsight.wiring import open_ledger

    ledger = open_ledger(read_settings())
    counts, alarms = ledger.counts(), ledger.alarms()
    found = asdict(counts) | {"products": ledger.known(), "alarms": alarms}
    found.pop("unchanged")
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for name, value in found.items():
        if name != "alarms":
            typer.echo(f"{name:>12}  {value:,}")
    for message in alarms.values():
        typer.echo(f"     waiting  {message}")


def reconcile(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Compare only.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Compare the ledger with the index and send again what is missing or differs."""
    from ingest.reconcile import reconcile as compare
    from ingest.sender import Sender
    from ingest.target import read_target
    from shelfsight.progress import Steps
    from shelfsight.settings import read_settings
    from shelfsight.wiring import open_app, open_client, open_ledger

    settings = read_settings()
    ledger, client = open_ledger(settings), open_client(settings)
    with Steps() as steps:
        again = steps.step("sending again", "products")
        found = compare(
            ledger, Sender(open_app(settings)), client, read_target(client, settings.alias),
            on_progress=lambda p: again(p.done, p.total), dry_run=dry_run,
        )  # fmt: skip
    if as_json:
        typer.echo(json.dumps(found.to_json(), indent=2))
        return
    for name, value in found.to_json().items():
        typer.echo(f"{name:>10}  {value:,}")


dead_letters = typer.Typer(help="Products that failed for good.", no_args_is_help=True)


@dead_letters.command("list")
def list_dead_letters(kind: KindOption = "", as_json: JsonOption = False) -> None:
    """List the open dead letters with their reasons."""
    from dataclasses import asdict

    from ingest.dead_letters import list_letters

    letters = list_letters(_ledger(), kind)
    if as_json:
        typer.echo(json.dumps([asdict(x) for x in letters], ensure_ascii=False, indent=2))
        return
    for letter in letters:
        typer.echo(f"{letter.id}  {letter.stage}  {letter.kind}  {letter.reason}")
    if not letters:
        typer.echo("no dead letters")


@dead_letters.command("show")
def show_dead_letter(product_id: str) -> None:
    """Print a product's dead letter and the record that failed, as JSON."""
    from dataclasses import asdict

    from ingest.dead_letters import show_letter

    letter, record = show_letter(_ledger(), product_id)
    found = asdict(letter) | {"record": record}
    typer.echo(json.dumps(found, ensure_ascii=False, indent=2))


@dead_letters.command("retry")
def retry_dead_letters(ids: IdsArgument = None, kind: KindOption = "") -> None:
    """Send dead letters to the workers again."""
    from ingest.dead_letters import retry_letters
    from ingest.sender import Sender
    from shelfsight.settings import read_settings
    from shelfsight.wiring import open_app

    sender = Sender(open_app(read_settings()))
    sender.ping()
    again = retry_letters(_ledger(), kind, ids or [])
    for product_id in again:
        sender.send("embed_text", [product_id])
    typer.echo(f"sent {len(again)} again; see `shelfsight ingest-status`")


@dead_letters.command("drop")
def drop_dead_letters(ids: IdsArgument = None, kind: KindOption = "") -> None:
    """Put dead letters away; a newer version of the product is accepted as ever."""
    from ingest.dead_letters import drop_letters

    typer.echo(f"dropped {drop_letters(_ledger(), kind, ids or [])}")


def _ledger() -> Any:  # noqa: ANN401 - ingest.ledger.Ledger, imported only when needed
    from shelfsight.settings import read_settings
    from shelfsight.wiring import open_ledger

    return open_ledger(read_settings())


def _print_report(report: "Report") -> None:
    """Print the figures, then the first of what went wrong, each with its reason."""
    say = typer.echo
    say(f"read {report.read:,} = accepted {report.accepted:,} + rejected {report.rejected:,}")
    say(
        f"accepted {report.accepted:,} = indexed {report.indexed:,} ({report.unchanged:,} of them"
        f" unchanged) + superseded {report.superseded:,} + dead letters"
        f" {report.dead_lettered:,} + pending {report.pending:,}"
    )
    if report.deleted:
        say(f"deleted {report.deleted:,} products that the full feed lacks")
    for stage, time in report.stages.items():
        rate = time.items / time.seconds if time.seconds else 0.0
        say(f"{stage}: {time.items:,} in {time.seconds:.1f} s of work ({rate:.0f}/s)")
    say(f"{report.seconds:.1f} s in all")
    if report.extras:
        say(f"columns that became attributes: {', '.join(report.extras)}")
    if report.left_out:
        say(f"columns left out, too long for attributes: {', '.join(report.left_out)}")
    rejected = [f"line {x.line}: {x.reason}" for x in report.rejections]
    _print_some("rejected rows", rejected, report.rejected)
    refused = [f"{x.path} of {x.id}: {x.problem}" for x in report.refusals]
    _print_some("pictures left out", refused, len(refused))
    letters = [f"{x.id}: {x.kind}: {x.reason}" for x in report.letters]
    _print_some("dead letters (see `shelfsight dead-letters`)", letters, len(letters))
    if report.refusal:
        say(report.refusal)


def _print_some(what: str, lines: list[str], total: int) -> None:
    if not lines:
        return
    typer.echo(f"{what}: {total:,}")
    for line in lines[:SHOWN]:
        typer.echo(f"  {line}")
    if total > SHOWN:
        typer.echo(f"  … and {total - SHOWN:,} more (--json lists them)")
