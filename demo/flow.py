"""The demo on one page: servers and models side by side, ingestion, first hits early, the tour."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING

from demo.drawing import DrawnCatalogue
from demo.tour import SHOWN, Stop, stops
from ingest.catalogue import Catalogue
from ingest.feed import ingest_feed
from ingest.follower import Progress
from ingest.report import Report
from ingest.sender import Sender
from mappings.errors import StackError
from mappings.index import live_index
from query.engine import SearchEngine
from query.model.request import SearchRequest
from query.model.result import SearchResult
from shelfsight.indices import (
    READ_AHEAD,
    create_index,
    finish_index,
    fit_catalogue,
    make_visible,
    require_models,
)
from shelfsight.local.state import status
from shelfsight.progress import Steps
from shelfsight.settings import Settings, home
from shelfsight.spaces import space_models
from shelfsight.stack import start_stack
from shelfsight.wiring import open_app, open_client, open_engine, open_extractor, open_ledger

if TYPE_CHECKING:
    from shelfsight.fitting import Fitted

ENOUGH = 28
FIRST = "运动鞋"
DRAWN_FIRST = 112
"""The space is fitted on the first products, so that the others are drawn while it is in use."""


@dataclass(slots=True)
class Times:
    """Seconds since the program's start, as the demo goes by.

    Args:
        began: When the program started, seconds since 1970.
        seconds: What happened, and when.
        started_here: Whether the servers were started by this program.
    """

    began: float
    seconds: dict[str, float] = field(default_factory=dict)
    started_here: bool = False

    def note(self, what: str) -> float:
        """Remember that something happened now, and return when that was."""
        self.seconds[what] = round(time.time() - self.began, 2)
        return self.seconds[what]


@dataclass(frozen=True, slots=True)
class Shown:
    """What the demo tells whoever runs it.

    Args:
        first_hits: The first answer, its seconds, and how many products were searchable then.
        report: What became of the catalogue, and after how many seconds.
        stop: A question of the tour, numbered, and its answer.
    """

    first_hits: Callable[[SearchResult, float, int], None]
    report: Callable[[Report, float], None]
    stop: Callable[[int, Stop, SearchResult], None]


def run_demo(
    settings: Settings, catalogue: Catalogue, *, drawn: bool, times: Times, shown: Shown
) -> Report:
    """Run the whole demo; the stack keeps running afterwards.

    Args:
        settings: The demo's own alias among them.
        catalogue: What is ingested.
        drawn: Whether it is the demo catalogue.
        times: Gets the seconds of every stage.
        shown: Gets what is to be seen.

    Raises:
        ShelfsightError: Whatever stands in the way, with its cure.
    """
    with Steps() as steps:
        if isinstance(catalogue, DrawnCatalogue):
            catalogue = replace(catalogue, advance=steps.step("drawing", "pictures"))
        _prepare(settings, catalogue, steps, times)
        engine = open_engine(settings)
        times.note("engine ready")
        # The dictionary is read while the first products are on their way.
        Thread(target=engine.warm, name="warm", daemon=True).start()
        report = _ingest(settings, catalogue, engine, steps, times, shown)
    shown.report(report, times.note("ingested"))
    finish_index(settings, catalogue)
    engine.forget()  # its scales and words are of a catalogue that was still growing
    tour = stops(
        catalogue, settings.alias, drawn=drawn, seed=settings.seed,
        pictured=bool(space_models(settings)[1]),
    )  # fmt: skip
    for number, stop in enumerate(tour, start=1):
        shown.stop(number, stop, engine.search(stop.request))
    engine.close()
    times.note("toured")
    record = times.seconds | {"report": report.to_json()}
    (home(settings) / "demo.json").write_text(json.dumps(record, ensure_ascii=False, indent=1))
    return report


def _prepare(settings: Settings, catalogue: Catalogue, steps: Steps, times: Times) -> None:
    """Start the servers while the space is fitted; create the index where there is none.

    What fails on one side ends the other at once.
    """
    drawn = isinstance(catalogue, DrawnCatalogue)
    fit = partial(fit_catalogue, read=DRAWN_FIRST if drawn else READ_AHEAD)
    aside = ThreadPoolExecutor(1)
    try:
        with _cancelling(steps):
            _start_and_create(settings, catalogue, fit, aside, steps, times)
    finally:  # whoever interrupts the servers' start does not wait for the space
        aside.shutdown(wait=False, cancel_futures=True)
    times.note("index ready")


def _start_and_create(
    settings: Settings,
    catalogue: Catalogue,
    fit: "Callable[[Settings, Catalogue, Steps], Fitted]",
    aside: ThreadPoolExecutor,
    steps: Steps,
    times: Times,
) -> None:
    prepared = (home(settings) / "spaces" / settings.alias).exists()
    fitting = None if prepared else aside.submit(fit, settings, catalogue, steps)
    starting = steps.tell("starting the servers")

    def say(words: str) -> None:
        if fitting is not None and fitting.done():
            fitting.result()
        starting(words)

    times.started_here = status(home(settings)).stage != "ready"  # Ctrl-C may come at once
    times.started_here = start_stack(settings, say, api=False).ours
    starting.done("OpenSearch, the broker and the workers are up")
    times.note("servers up")
    live = live_index(open_client(settings), settings.alias)
    if live is not None:
        require_models(settings, live)
        return
    found = fitting.result() if fitting else fit(settings, catalogue, steps)
    times.note("space fitted")
    create_index(settings, found)


@contextmanager
def _cancelling(steps: Steps) -> Iterator[None]:
    """Give up what goes on beside the block when the block fails."""
    try:
        yield
    except BaseException:
        steps.cancel()
        raise


def _ingest(
    settings: Settings,
    catalogue: Catalogue,
    engine: SearchEngine,
    steps: Steps,
    times: Times,
    shown: Shown,
) -> Report:
    """Ingest, and show the first hits as soon as something can be found."""
    products = steps.step("making products searchable", "products")

    def show_first(searchable: int) -> None:
        if "first hits" not in times.seconds:
            found = _try_first(engine)
            if found is not None and found.hits:
                shown.first_hits(found, times.note("first hits"), searchable)

    def on_progress(progress: Progress) -> None:
        products(progress.done, progress.total)
        if progress.done >= ENOUGH:
            show_first(progress.done)

    with closing(open_ledger(settings)) as ledger:
        report = ingest_feed(
            catalogue, ledger, Sender(open_app(settings)), open_client(settings), settings.alias,
            on_progress=on_progress, enrich=open_extractor(settings).enriched,
        )  # fmt: skip
    # A small catalogue, or one that was searchable before: its last writes may not show yet.
    make_visible(settings)
    show_first(report.indexed)
    return report


def _try_first(engine: SearchEngine) -> SearchResult | None:
    """Return the first answer, or nothing while a cold node is too busy to give it in time."""
    with suppress(StackError):
        return engine.search(SearchRequest(FIRST, size=SHOWN))
    return None
