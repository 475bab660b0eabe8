"""Progress of long steps on standard error: what, how far, how fast, and the time left.

On a terminal each step is a live bar; elsewhere a plain line at most every two seconds, so that
nothing is silent for longer.
"""

import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import dataclass
from types import TracebackType
from typing import Any

Advance = Callable[[int, int], None]
QUIET_SECONDS = 1.9


@dataclass(frozen=True, slots=True)
class Telling:
    """A step that counts nothing: call it with what it does now, and ``done`` when it has ended."""

    say: Callable[[str], object]
    done: Callable[[str], object]

    def __call__(self, words: str) -> None:
        """Replace the step's words."""
        self.say(words)


class Steps:
    """Shows the steps of a program side by side; use it as a context manager.

    Args:
        terminal: Whether to draw bars; whether standard error is a terminal when not given.
    """

    def __init__(self, terminal: bool | None = None) -> None:
        self._bars: Any = None
        self._lines: dict[str, tuple[int, int, str]] = {}
        self._started: dict[str, float] = {}
        self._printed: set[str] = set()
        self._terminal = sys.stderr.isatty() if terminal is None else terminal
        self._closed = threading.Event()
        self._cancelled = threading.Event()
        self._began = time.monotonic()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> "Steps":
        if self._terminal:
            self._bars = _bars()
            self._bars.start()
        else:
            self._ticker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closed.set()
        if self._bars is not None:
            for task in self._bars.tasks:  # what had nothing to do leaves no bar behind
                self._bars.update(task.id, visible=task.total is not None)
            self._bars.stop()
        else:
            self._ticker.join()

    def step(self, what: str, unit: str = "") -> Advance:
        """Return the function that says how far a step is: done, total (0: not known yet).

        Args:
            what: What the step does, in a few words.
            unit: What is counted, in the plural: ``pictures``.
        """
        show = self._counted_step(what, unit)

        def advance(done: int, total: int) -> None:
            self._require_wanted()
            show(done, total)

        return advance

    def _counted_step(self, what: str, unit: str) -> Advance:
        self._started[what] = time.monotonic()
        if self._bars is None:
            self._lines[what] = (0, 0, "")
            return lambda done, total: self._note(what, done, total, unit if total else "")
        task = self._bars.add_task(what, total=None, unit=unit)
        return lambda done, total: self._bars.update(task, completed=done, total=total or None)

    def cancel(self) -> None:
        """Give up what goes on in other threads: each step ends with its next sign of progress.

        It ends with a ``concurrent.futures.CancelledError``, raised where it tells how far it is.
        """
        self._cancelled.set()

    def _require_wanted(self) -> None:
        if self._cancelled.is_set():
            raise CancelledError

    def tell(self, what: str) -> "Telling":
        """Return what replaces a step's words; for steps that count nothing."""
        telling = self._worded_step(what)

        def say(words: str) -> None:
            self._require_wanted()
            telling.say(words)

        def done(words: str) -> None:
            self._require_wanted()
            telling.done(words)

        return Telling(say, done)

    def _worded_step(self, what: str) -> "Telling":
        self._started[what] = time.monotonic()
        if self._bars is None:
            self._lines[what] = (0, 0, "")
            return Telling(
                lambda words: self._note(what, 0, 0, words),
                lambda _: self._lines.pop(what, None),
            )
        task = self._bars.add_task(what, total=None, unit="")
        return Telling(
            lambda words: self._bars.update(task, description=words),
            lambda words: self._bars.update(task, total=1, completed=1, description=words),
        )

    def _note(self, what: str, done: int, total: int, unit: str) -> None:
        self._lines[what] = (done, total, unit)

    def _tick(self) -> None:
        while not self._closed.wait(QUIET_SECONDS):
            lines = [self._line(what, *at) for what, at in list(self._lines.items())]
            fresh = [line for line in lines if line]
            elapsed = time.monotonic() - self._began
            shown = "; ".join(fresh) or "working"
            print(f"[{elapsed:5.1f} s] {shown}", file=sys.stderr, flush=True)  # noqa: T201

    def _line(self, what: str, done: int, total: int, unit: str) -> str:
        if total and done >= total:
            if what in self._printed:
                return ""
            self._printed.add(what)
        if not total:
            return f"{what}: {unit}" if unit and not done else f"{what} {done or ''}".strip()
        seconds = max(1e-3, time.monotonic() - self._started[what])
        rate = done / seconds
        left = f", {(total - done) / rate:.0f} s left" if rate and done < total else ""
        return f"{what} {done:,}/{total:,} {unit} ({rate:.1f}/s{left})"


def _bars() -> Any:  # noqa: ANN401 - rich.progress.Progress, imported only when needed
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TextColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        """Done of total, the rate and the time left."""

        def render(self, task: Any) -> Text:  # noqa: ANN401 - rich's Task
            """Return the numbers of one step."""
            if task.total is None or not task.fields.get("unit"):
                return Text(f"{task.elapsed or 0:.0f} s", style="dim")
            speed = task.finished_speed or task.speed or 0.0
            left = task.time_remaining
            tail = f", {left:.0f} s left" if left and not task.finished else ""
            unit = task.fields["unit"]
            return Text(
                f"{task.completed:,.0f}/{task.total:,.0f} {unit}, {speed:,.0f}/s{tail}",
                style="dim",
            )

    console = Console(stderr=True)
    return Progress(
        SpinnerColumn(finished_text="[green]✓"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=max(6, min(28, console.width - 74))),
        Rate(),
        console=console,
    )
