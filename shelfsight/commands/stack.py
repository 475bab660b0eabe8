"""``shelfsight up | down | status | doctor``: the local stack from the command line."""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from shelfsight.local.child import Service
    from shelfsight.local.doctor import Check
    from shelfsight.local.plan import Endpoints
    from shelfsight.local.state import StackState

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def up(
    heap: Annotated[str, typer.Option(help="Java heap of OpenSearch.")] = "1g",
    node_port: Annotated[int | None, typer.Option(help="Default: a free one.")] = None,
    broker_port: Annotated[int | None, typer.Option(help="Default: a free one.")] = None,
    core: Annotated[bool, typer.Option("--core", help="Only OpenSearch and the broker.")] = False,
) -> None:
    """Start OpenSearch, the broker, the workers and the search program; they stay until `down`."""
    from shelfsight.local.console_progress import console_progress
    from shelfsight.local.plan import StackPlan, no_services
    from shelfsight.local.stack import up as start

    plan = StackPlan(
        _folder(),
        heap=heap,
        node_port=node_port,
        broker_port=broker_port,
        services=no_services if core else _services(),
    )
    with console_progress() as say:
        started = start(plan, say)
    typer.echo("started" if started.ours else "was running already")
    if started.state.foreground:
        typer.echo("it ends with the program that started it")
    _print_state(started.state)


def down() -> None:
    """Stop the stack; its data stays."""
    from shelfsight.local.console_progress import console_progress
    from shelfsight.local.stack import down as stop

    with console_progress() as say:
        ran = stop(_folder(), say)
    typer.echo("stopped" if ran else "nothing was running")


def status(as_json: JsonOption = False) -> None:
    """Say what runs and where it answers; exit code 3 when the stack does not run."""
    from mappings.errors import EXIT_ENVIRONMENT
    from shelfsight.local.stack import status as state_of
    from shelfsight.local.state import without_password

    folder = _folder()
    state = state_of(folder)
    if as_json:
        shown = replace(state, broker_url=without_password(state.broker_url))
        _print_json({"folder": str(folder), **asdict(shown)})
    else:
        _print_state(state)
        typer.echo(f"{'folder':12} {folder}")
    whole = all(one.stage == "ready" for one in state.processes)
    if state.stage != "ready" or not whole:
        raise typer.Exit(EXIT_ENVIRONMENT)


def doctor(as_json: JsonOption = False) -> None:
    """Say what this machine has and lacks, and the command that cures it; exit code 3 if needed."""
    from mappings.errors import EXIT_ENVIRONMENT
    from shelfsight.local.console_progress import console_progress
    from shelfsight.local.doctor import examine
    from shelfsight.settings import read_settings

    with console_progress() as say:
        say("looking at this machine")
        checks = examine(_folder(), os.environ, read_settings().alias)
    if as_json:
        _print_json([asdict(check) for check in checks])
    else:
        _print_checks(checks)
    if any(check.needed and not check.ok for check in checks):
        raise typer.Exit(EXIT_ENVIRONMENT)


def _folder() -> Path:
    from shelfsight.settings import home, read_settings

    return home(read_settings())


def _services() -> "Callable[[Endpoints], Sequence[Service]]":
    from shelfsight.settings import read_settings
    from shelfsight.wiring import stack_services

    settings = read_settings()
    return lambda endpoints: stack_services(settings, endpoints)


def _print_state(state: "StackState") -> None:
    from rich.console import Console

    from shelfsight.local.state import without_password

    console = Console()
    console.print(f"stack {state.stage}", highlight=False)
    if state.stage != "ready":
        return
    wide = max([12, *(len(one.name) for one in state.processes)])
    for one in state.processes:
        line = f"{one.name:{wide}} {one.stage:9} pid {one.pid:<8} {one.url:30} {one.log}"
        console.print(line, highlight=False, soft_wrap=True)
    for name, value in (
        ("OpenSearch", f"{state.node_url}  {state.opensearch}"),
        ("broker", without_password(state.broker_url)),
        ("Java", state.java),
    ):
        console.print(f"{name:{wide}} {value}", highlight=False, soft_wrap=True)


def _print_checks(checks: Sequence["Check"]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console()
    for check in checks:
        word, colour = ("ok", "green") if check.ok else ("missing", "red")
        if not check.ok and not check.needed:
            word, colour = "not yet", "yellow"
        line = Text.assemble((f"{word:8}", colour), (f"{check.name}: ", "bold"), check.found)
        console.print(line, soft_wrap=True)
        if not check.ok and check.cure:
            console.print(Text(f"        cure: {check.cure}"), soft_wrap=True)


def _print_json(value: Any) -> None:  # noqa: ANN401 - JSON
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
