"""``shelfsight ingest``, ``ingest-status`` and ``reconcile``."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from ingest.filling import Filled
    from ingest.follower import Progress
    from ingest.reconcile import Reconciled
    from ingest.report import Report
    from shelfsight.progress import Steps
    from shelfsight.settings import Settings

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
SHOWN = 10
UNDER_WAY = (
    "What was accepted goes on in the workers. Start again to follow it; nothing is embedded twice."
)


def ingest(
    path: Annotated[Path, typer.Argument(help="A .jsonl, .csv or .tsv file, or a folder.")],
    full: Annotated[bool, typer.Option("--full", help="Delete known products it lacks.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Lose more than a tenth of the products or pictures.")
    ] = False,
    column: Annotated[
        list[str] | None, typer.Option(help="OURS=THEIRS, such as title=productDisplayName.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Read no more rows.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Ingest a catalogue: read, embed, index, and account for every row.

    Unchanged products are not sent; an interrupted ingest goes on where it was. A next index (see
    `index create`) is filled too. Exit code 0: all is indexed, but for a few pictures that the
    report names; 1: more was left out; 2: input, or a loss that needs --yes; 3: surroundings.
    """
    from ingest.catalogue import open_catalogue
    from ingest.readers.columns import ColumnMap
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
    from ingest.follower import Patience
    from ingest.lock import only_one
    from ingest.sender import Sender
    from shelfsight.indices import finish_index, prepare_index
    from shelfsight.interruption import when_ended
    from shelfsight.progress import Steps
    from shelfsight.rebuilding import fill_next
    from shelfsight.stack import ensure_workers
    from shelfsight.wiring import open_app, open_client, open_extractor, open_ledger

    when_ended(lambda: UNDER_WAY)
    ensure_workers(settings)
    patience = Patience()
    sender = Sender(open_app(settings), patience.give_up)
    sender.ping()
    ledger, client = open_ledger(settings), open_client(settings)
    try:
        with only_one(ledger.lock):  # two first ingests would make two indices
            prepare_index(settings, catalogue)
        with Steps() as steps:
            bars = show_progress(steps)

            def advance(progress: "Progress") -> None:
                bars(progress)
                on_progress(progress)

            report = ingest_feed(
                catalogue, ledger, sender, client, settings.alias,
                full=full, yes=yes, limit=limit, on_progress=advance, patience=patience,
                enrich=open_extractor(settings).enriched,
            )  # fmt: skip
            finish_index(settings, catalogue)
            filled = fill_next(settings, catalogue, steps)
        return report.with_notes(problems=_problems(settings, report, filled)).with_notes(
            [f"{filled.index}, the next index, holds {filled.products:,} products."]
            if filled
            else []
        )
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


def _problems(settings: "Settings", report: "Report", filled: "Filled | None") -> list[str]:
    """Return what the index cannot hold as it is, with the cure."""
    from shelfsight.spaces import space_models

    found = []
    pictures = report.stages.get("embed_image")
    if not space_models(settings)[1] and pictures is not None:
        found.append(
            f"{pictures.items:,} pictures were not embedded: no picture could be read when this"
            " index was made, so that it has no picture model and pictures are not searched. Make"
            " one that has: `shelfsight index create CATALOGUE`, `shelfsight ingest CATALOGUE`,"
            " `shelfsight index swap`."
        )
    if filled is not None and filled.lacking:
        found.append(
            f"{filled.index}, the next index, lacks {filled.lacking:,} of {filled.products:,}"
            f" products ({filled.reason or 'they are known from the live index alone'}). Feed the"
            " whole catalogue, or see `shelfsight index swap`."
        )
    return found


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
    """Compare the ledger with the index and send again what is missing or differs.

    The figures are those after the repair. Exit code 0: the index holds what the ledger says; 1:
    it does not, or there are dead letters.
    """
    from ingest.reconcile import reconcile as compare
    from ingest.sender import Sender
    from ingest.writer.target import read_target
    from shelfsight.indices import make_visible
    from shelfsight.progress import Steps
    from shelfsight.rebuilding import restore_index
    from shelfsight.settings import read_settings
    from shelfsight.wiring import open_app, open_client, open_ledger

    settings = read_settings()
    if not dry_run:
        restore_index(settings)
    ledger, client = open_ledger(settings), open_client(settings)
    with Steps() as steps:
        again = steps.step("sending again", "products")
        found = compare(
            ledger, Sender(open_app(settings)), client, read_target(client, settings.alias),
            on_progress=lambda p: again(p.done, p.total), dry_run=dry_run,
        )  # fmt: skip
    if not dry_run:
        make_visible(settings)
    if as_json:
        typer.echo(json.dumps(found.to_json(), indent=2))
        raise typer.Exit(found.exit_code)
    for name, value in found.to_json().items():
        typer.echo(f"{name:>10}  {value:,}")
    for words in _remedies(found):
        typer.echo(words)
    raise typer.Exit(found.exit_code)


def _remedies(found: "Reconciled") -> list[str]:
    """Return what to do about what a reconcile leaves."""
    remedies = []
    if found.adopted or found.unrecorded:
        remedies.append(
            f"Taken over from the index, as the ledger did not know them: {found.adopted:,}. Feed"
            " the whole catalogue to have their records again; `shelfsight ingest --full"
            " CATALOGUE` deletes those that it lacks."
        )
    if found.unknown:
        remedies.append(
            f"Not written by Shelfsight and left alone: {found.unknown:,}. Delete them on the node"
            " if nobody needs them."
        )
    if found.dead:
        remedies.append("The node refuses some: see `shelfsight dead-letters list`.")
    return remedies


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
        say(f"deleted {report.deleted:,} product{'' if report.deleted == 1 else 's'}")
    for stage, time in report.stages.items():
        rate = f" ({time.items / time.seconds:.3g}/s)" if time.seconds >= 0.1 else ""
        say(f"{stage}: {time.items:,} in {time.seconds:.1f} s of work{rate}")
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
    for note in report.notes:
        say(f"note: {note}")
    for problem in (*report.problems, *filter(None, [report.refusal])):
        say(f"warning: {problem}")


def _print_some(what: str, lines: list[str], total: int) -> None:
    if not lines:
        return
    typer.echo(f"{what}: {total:,}")
    for line in lines[:SHOWN]:
        typer.echo(f"  {line}")
    if total > SHOWN:
        typer.echo(f"  … and {total - SHOWN:,} more (--json lists them)")
