"""What a person sees of the demo: the first hits, the report, the tour, and what to do next."""

from pathlib import Path
from typing import TYPE_CHECKING

from demo.drawing import Size, demo_catalogue
from demo.flow import Shown, Times, run_demo
from ingest.catalogue import open_catalogue
from mappings.connection import address_of, node_errors
from shelfsight.interruption import when_ended
from shelfsight.settings import Settings, home, read_settings
from shelfsight.wiring import require_servers

if TYPE_CHECKING:
    from rich.console import Console

    from demo.tour import Stop
    from ingest.report import Report
    from query.model.result import SearchResult

ALIAS = "demo"


class Screen:
    """Prints the demo.

    Args:
        console: Where it is printed.
        catalogue: What is ingested, in words.
        record: Where everything up to the tour's first answer is kept as SVG.
    """

    def __init__(self, console: "Console", catalogue: str, record: Path | None) -> None:
        self._console = console
        self._record = record
        console.rule(f"[bold]Shelfsight demo[/] · {catalogue}")

    def first_hits(self, found: "SearchResult", seconds: float, searchable: int) -> None:
        """Show the first answer, while ingestion goes on."""
        from shelfsight.commands.result_table import result_table

        self._console.print(
            f"[bold green]First hits after {seconds:.0f} s[/], {searchable} products searchable:"
            " “运动鞋”"
        )
        self._console.print(result_table(found))

    def report(self, report: "Report", seconds: float) -> None:
        """Show what became of the catalogue."""
        self._console.print(
            f"[bold green]{report.indexed:,} of {report.read:,} products searchable[/] after"
            f" {seconds:.0f} s: read {report.read:,} = accepted {report.accepted:,} + rejected"
            f" {report.rejected:,}; accepted {report.accepted:,} = indexed {report.indexed:,}"
            f" ({report.unchanged:,} unchanged) + superseded {report.superseded:,} + dead letters"
            f" {report.dead_lettered:,} + pending {report.pending:,}",
            highlight=False,
        )

    def stop(self, number: int, stop: "Stop", found: "SearchResult") -> None:
        """Show one question of the tour and its answer, explained."""
        from rich.text import Text

        from shelfsight.commands.result_table import result_table

        self._console.print()
        self._console.rule(f"[bold]{number}. {stop.heading}[/]", align="left")
        self._console.print(f"[dim]{stop.says}[/]", highlight=False)
        self._console.print(Text(stop.command), soft_wrap=True)  # to be copied: never broken
        self._console.print(result_table(found, explain=True, most=1))
        if number == 1 and self._record is not None:
            self._record.write_text(_svg(self._console), encoding="utf-8")


def play(
    catalogue: Path | None, size: tuple[int, int, int], *, fresh: bool, record: Path | None
) -> int:
    """Run the demo and return its exit code; Ctrl-C stops what the demo started.

    Args:
        catalogue: A real catalogue, or ``None`` for the drawn one.
        size: Products, pictures and tags to draw.
        fresh: Forget what an earlier demo has ingested.
        record: Where what is printed, up to the first answer, is kept as SVG.

    Raises:
        ShelfsightError: Whatever stands in the way, with its cure.
    """
    import psutil  # type: ignore[import-untyped,unused-ignore]
    from rich.console import Console

    times = Times(psutil.Process().create_time())
    settings = _settings(catalogue)
    console = Console(record=record is not None, width=110 if record else None)
    screen = Screen(console, _words(catalogue, size), record)
    shown = Shown(screen.first_hits, screen.report, screen.stop)
    drawn = demo_catalogue(home(settings) / "demo-catalogue", Size(*size), settings.seed)
    source = open_catalogue(catalogue) if catalogue else drawn
    require_servers(settings)
    if fresh:
        forget(settings)
    when_ended(lambda: _leave_servers(settings, times))
    try:
        report = run_demo(settings, source, drawn=catalogue is None, times=times, shown=shown)
    except KeyboardInterrupt:
        _stop_what_we_started(settings, times)
        raise
    _next_steps(console, settings)
    return report.exit_code


def _settings(catalogue: Path | None) -> Settings:
    """Return the settings with an alias of the demo's own: it never touches a shop's index."""
    name = ALIAS if catalogue is None else f"{ALIAS}-{catalogue.resolve().stem.lower()}"
    allowed = "".join(c if c.isascii() and (c.isalnum() or c in "_.-") else "-" for c in name)
    return read_settings().model_copy(update={"alias": allowed})


def _words(catalogue: Path | None, size: tuple[int, int, int]) -> str:
    if catalogue is not None:
        return str(catalogue)
    return f"{size[0]:,} products × {size[1]} pictures × {size[2]} attribute tags, drawn"


def forget(settings: Settings) -> None:
    """Delete what an earlier demo has ingested: its index, ledger and space; vectors are kept."""
    from shelfsight.progress import Steps
    from shelfsight.spaces import space_path
    from shelfsight.stack import start_stack
    from shelfsight.wiring import ledger_path, open_client

    with Steps() as steps:
        start_stack(settings, steps.tell("starting the servers"), api=False)
    client = open_client(settings)
    with node_errors(address_of(client)):
        client.indices.delete(index=f"{settings.alias}-*", ignore=404)
    space_path(settings).unlink(missing_ok=True)
    for path in ledger_path(settings).parent.glob(f"{settings.alias}.sqlite*"):
        path.unlink()


def _stop_what_we_started(settings: Settings, times: Times) -> None:
    """After Ctrl-C leave nothing running that was not running before."""
    from shelfsight.local.stack import down
    from shelfsight.progress import Steps

    if times.started_here:
        with Steps() as steps:
            down(home(settings), steps.tell("stopping the servers"))


def _leave_servers(settings: Settings, times: Times) -> str:
    """Have the servers stopped by their supervisor, when there is no time to wait for it."""
    from shelfsight.local.stack import ask_to_stop

    if times.started_here and ask_to_stop(home(settings)):
        return "The servers that it started are stopping; see `shelfsight status`."
    return "Start again to go on; nothing is embedded twice."


def _next_steps(console: "Console", settings: Settings) -> None:
    own = f"./run --alias {settings.alias}"
    console.print()
    console.rule("[bold]The servers keep running[/]", align="left")
    for command, does in (
        (f'{own} search "白色运动鞋" --filter "price<300" --explain', "ask something else"),
        (f"{own} serve", "the HTTP API: POST /search, described at /openapi.json"),
        ("./run status", "what runs and where it answers"),
        ("./run down", "stop everything; the data stays"),
    ):
        console.print(f"  {command}\n      [dim]{does}[/]", highlight=False, soft_wrap=True)


def _svg(console: "Console") -> str:
    """Return what was printed as a picture that names no font server."""
    import re

    drawn = console.export_svg(title="./run demo")
    return re.sub(r"@font-face \{.*?\}", "", drawn, flags=re.DOTALL)
