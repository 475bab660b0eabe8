"""The report of a run: every row and every change accounted for."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ingest.changes import Refusal
from ingest.dead_letters import DeadLetter
from ingest.ledger import Counts
from ingest.rows import Rejection
from mappings.errors import EXIT_INPUT, EXIT_OK, EXIT_PARTLY

SHOWN = 1000


@dataclass(frozen=True, slots=True)
class StageTime:
    """How long a stage worked, summed over all worker processes, and on how many things."""

    seconds: float
    items: int


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a feed.

        read = accepted + rejected
        accepted = indexed + superseded + dead_lettered + pending

    Args:
        run: The run's number in the ledger.
        read: Rows of the feed.
        accepted: Products committed to the ledger.
        rejected: Rows that are no products.
        indexed: Products that the index holds as they are in the feed.
        superseded: Products of which the index or the ledger has a newer version.
        dead_lettered: Products that failed for good.
        pending: Products that are still under way.
        unchanged: Those of the indexed and superseded ones that were not sent at all.
        deleted: Products taken out of search because a full feed lacks them.
        seconds: From the first row to the last product.
        stages: Time by stage.
        rejections: The first 1,000 rejected rows.
        refusals: Pictures that their products were indexed without.
        letters: The run's open dead letters.
        extras: Columns that became attributes, with their number of rows.
        left_out: Columns that did not fit an attribute, with their number of rows.
        refusal: Why products that the full feed lacks were not deleted.
    """

    run: int
    read: int
    accepted: int
    rejected: int
    indexed: int
    superseded: int
    dead_lettered: int
    pending: int
    unchanged: int
    deleted: int
    seconds: float
    stages: Mapping[str, StageTime] = field(default_factory=dict)
    rejections: tuple[Rejection, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    letters: tuple[DeadLetter, ...] = ()
    extras: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    refusal: str = ""

    def __post_init__(self) -> None:
        """Check that nothing is unaccounted for."""
        settled = self.indexed + self.superseded + self.dead_lettered
        assert self.read == self.accepted + self.rejected, self
        assert self.accepted == settled + self.pending, self

    @property
    def exit_code(self) -> int:
        """0 when all is well, 1 with dead letters or rejected rows, 2 when a deletion was refused.

        Refused pictures are warnings: their products are searchable.
        """
        if self.refusal:
            return EXIT_INPUT
        return EXIT_PARTLY if self.dead_lettered or self.rejected or self.pending else EXIT_OK

    def to_json(self) -> dict[str, Any]:
        """Return the report for programs."""
        return asdict(self) | {"exit_code": self.exit_code}


@dataclass(slots=True)
class Tally:
    """What the reading of a feed counts up."""

    read: int = 0
    rejected: int = 0
    rejections: list[Rejection] = field(default_factory=list)
    extras: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    pictures: int = 0
    nameless: int = 0

    def reject(self, rejection: Rejection) -> None:
        """Count a rejected row; the first 1,000 are kept."""
        self.rejected += 1
        self.nameless += not rejection.id
        if len(self.rejections) < SHOWN:
            self.rejections.append(rejection)


def make_report(
    run: int,
    tally: Tally,
    counts: Counts,
    seconds: float,
    *,
    deleted: int,
    stages: Mapping[str, tuple[float, int]],
    refusals: tuple[Refusal, ...],
    letters: tuple[DeadLetter, ...],
    refusal: str,
) -> Report:
    """Return the report of a run from what was counted while reading and in the ledger."""
    return Report(
        run=run,
        read=tally.read,
        accepted=counts.accepted,
        rejected=tally.rejected,
        indexed=counts.indexed,
        superseded=counts.superseded,
        dead_lettered=counts.dead,
        pending=counts.pending,
        unchanged=counts.unchanged,
        deleted=deleted,
        seconds=round(seconds, 3),
        stages={name: StageTime(round(s, 3), n) for name, (s, n) in stages.items()},
        rejections=tuple(tally.rejections),
        refusals=refusals,
        letters=letters,
        extras=dict(tally.extras),
        left_out=dict(tally.left_out),
        refusal=refusal,
    )
