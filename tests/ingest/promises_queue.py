"""A queue that errs: it stands for broker and workers, and runs the stages in this process."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ingest.failures import count_crash
from ingest.pipeline import run_stage
from ingest.sender import Pool, Stage
from mappings.errors import StackError

if TYPE_CHECKING:
    from promises_shop import Shop

CRASHES = 3
"""Crashes of stages that are counted in one sequence: a fourth would be a dead letter."""
ACTIONS = ("ok", "drop", "twice", "late", "crash_spool", "crash_bulk", "lost_bulk", "kill", "swap")


class Killed(BaseException):
    """The process of an ingest, or of a stage, dies here."""


class ErringQueue:
    """Stands for broker and workers: it runs the tasks here, and does to them what it is told.

    Args:
        shop: Whose stages run.
    """

    def __init__(self, shop: "Shop") -> None:
        self._shop = shop
        self.messages: deque[tuple[Stage, list[str], str]] = deque()
        self.late: list[tuple[Stage, list[str]]] = []
        self.weather: deque[str] = deque()
        self.on_swap: Callable[[], None] = lambda: None
        self.after_acceptance: Callable[[], None] | None = None
        self.after_look: Callable[[], None] | None = None

    def send(self, stage: Stage, ids: Sequence[str], countdown: float = 0.0) -> None:
        if not ids:
            return
        action = self.weather.popleft() if self.weather else "ok"
        if action == "late":
            self.late.append((stage, list(ids)))
        elif action == "twice":
            self.messages += [(stage, list(ids), "ok"), (stage, list(ids), "ok")]
        elif action != "drop":
            self.messages.append((stage, list(ids), action))
        if action == "kill":
            raise Killed

    def ping(self) -> None:
        """The broker answers."""

    def inspect_workers(self, timeout: float = 1.0) -> Pool:
        return Pool(1, 0, len(self.messages))

    def work(self, *_: object) -> None:
        """Run every task that waits, those too that they send."""
        if self.after_acceptance and self._shop.ledger.commits:
            self.after_acceptance()
            self.after_acceptance = None
        while self.messages:
            stage, ids, action = self.messages.popleft()
            if action == "swap":
                self.on_swap()
            self._run(stage, ids, action)
            if stage == "embed_image" and self.after_look and not self.after_acceptance:
                self.after_look()
                self.after_look = None

    def work_late(self) -> None:
        late, self.late = self.late, []
        for stage, ids in reversed(late):
            self._run(stage, ids, "ok")
        self.work()

    def _run(self, stage: Stage, ids: list[str], action: str) -> None:
        """Do what ``ingest.tasks`` does with a message."""
        shop = self._shop
        shop.dies_after = action if action.endswith(("_spool", "_bulk")) else ""
        try:
            for follow in run_stage(shop.context, stage, ids):
                self.send(follow.stage, follow.ids, follow.countdown)
        except StackError as error:
            shop.ledger.alarm(type(error).__name__, str(error))
            self.messages.append((stage, ids, "ok"))
        except Killed:
            if not shop.dies_after or action == "lost_bulk":
                return  # the message is lost with its worker, or it was sent on before the kill
            if shop.crashes < CRASHES:
                shop.crashes += 1
                ids = count_crash(shop.ledger, stage, ids, "crash", "killed", 4)
            self.messages += [(stage, [i], "ok") for i in ids]
        finally:
            shop.dies_after = ""
