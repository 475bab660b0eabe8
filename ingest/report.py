"""The report of a run: every row and every change accounted for."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ingest.ledger.changes import Accepted, Refusal
from ingest.ledger.dead_letters import DeadLetter
from ingest.ledger.tally import Counts
from ingest.readers.rows import Rejection
from mappings.errors import EXIT_INPUT, EXIT_OK, EXIT_PARTLY
from mappings.product import Product

SHOWN = 1000
MOST_REFUSED = 0.2
"""Share of the pictures from which leaving them out is no detail any more."""


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
        deleted: Products taken out of search, by rows that say so or as a full feed lacks them.
        seconds: From the first row to the last product.
        stages: Time by stage.
        rejections: The first 1,000 rejected rows.
        refusals: Pictures that their products were indexed without.
        letters: The run's open dead letters.
        extras: Columns that became attributes, with their number of rows.
        left_out: Columns that did not fit an attribute, with their number of rows.
        refusal: Why products or pictures that the feed lacks were kept, and what would take them.
        problems: What else was left as it was or cannot be right, each with its cure.
        notes: What was done besides, and why.
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
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that nothing is unaccounted for."""
        settled = self.indexed + self.superseded + self.dead_lettered
        assert self.read == self.accepted + self.rejected, self
        assert self.accepted == settled + self.pending, self

    @property
    def exit_code(self) -> int:
        """0 when all is well, 1 when something was left out, 2 when a loss was refused.

        A few refused pictures are warnings: their products are searchable. A dead letter that was
        dropped counts no more.
        """
        if self.refusal:
            return EXIT_INPUT
        left_out = self.letters or self.rejected or self.pending or self.problems
        return EXIT_PARTLY if left_out else EXIT_OK

    def with_notes(
        self, notes: Sequence[str] = (), seconds: float | None = None, problems: Sequence[str] = ()
    ) -> "Report":
        """Return the report with more notes and problems, and another time."""
        return replace(
            self,
            notes=(*notes, *self.notes),
            problems=(*self.problems, *problems),
            seconds=self.seconds if seconds is None else round(seconds, 3),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the report for programs."""
        return asdict(self) | {"exit_code": self.exit_code}


@dataclass(slots=True)
class Tally:
    """What the reading of a feed counts up; ``pictures`` of what was sent, ``named`` of all."""

    read: int = 0
    rejected: int = 0
    rejections: list[Rejection] = field(default_factory=list)
    extras: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    pictures: int = 0
    named: int = 0
    nameless: int = 0
    repeated: list[str] = field(default_factory=list)
    repeated_unordered: list[str] = field(default_factory=list)
    amended: list[str] = field(default_factory=list)
    same_version: list[str] = field(default_factory=list)
    older: list[str] = field(default_factory=list)
    taken_out: int = 0

    def reject(self, rejection: Rejection) -> None:
        """Count a rejected row; the first 1,000 are kept."""
        self.rejected += 1
        self.nameless += not rejection.id
        if len(self.rejections) < SHOWN:
            self.rejections.append(rejection)

    def repeat(self, product: Product, first: int, line: int) -> None:
        """Note that an id comes again; without a version or a deletion its rows have no order."""
        ordered = product.version is not None or product.deleted
        rows = self.repeated if ordered else self.repeated_unordered
        rows.append(f"{product.id!r} on lines {first} and {line}")

    def note(self, accepted: Sequence[Accepted]) -> None:
        """Note what the ledger found odd in changes that it has taken or superseded."""
        self.amended += [repr(one.id) for one in accepted if one.amended]
        self.same_version += [repr(one.id) for one in accepted if one.same_version]
        self.older += [repr(one.id) for one in accepted if one.older]
        self.taken_out += sum(one.takes_out for one in accepted)

    @property
    def problems(self) -> tuple[str, ...]:
        """What was left as it was, in sentences with the cure."""
        found = []
        if self.repeated_unordered:
            found.append(
                f"Ids come more than once ({_first(self.repeated_unordered)}); the last row was"
                " taken. Give every product an id of its own, or a version to each row."
            )
        if self.amended:
            found.append(
                f"Left as before ({_first(self.amended)}): deleted, or changed by a row without a"
                " version, after the version that this feed gives. Raise the version to change"
                " such a product or to bring it back."
            )
        return tuple(found)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done that may surprise."""
        found = []
        if self.repeated:
            found.append(
                f"Ids come more than once ({_first(self.repeated)}); the highest version was"
                " taken, of equal ones the last row."
            )
        if self.older:
            found.append(
                f"A higher version is known ({_first(self.older)}), so that these rows changed"
                " nothing. If it is no old export, and the versions began anew: give higher ones."
            )
        if self.same_version:
            found.append(
                f"Other content in a version that was known ({_first(self.same_version)}); it was"
                " taken. Raise the version with every change: an older feed of the same version"
                " would be taken too."
            )
        return tuple(found)


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
    problems = tally.problems
    if len(refusals) > max(1, MOST_REFUSED * tally.named):  # one bad picture harms only itself
        problems += (_refused_pictures(refusals),)
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
        problems=problems,
        notes=tally.notes,
    )


def _first(names: Sequence[str]) -> str:
    """Return the first of some names, and how many there are where that is more."""
    shown = ", ".join(names[:3])
    return f"{shown} … {len(names):,} in all" if len(names) > 3 else shown


def _refused_pictures(refusals: Sequence[Refusal]) -> str:
    reasons = Counter(r.reason for r in refusals).most_common()
    listed = ", ".join(f"{count:,} {reason}" for reason, count in reasons)
    return (
        f"{len(refusals):,} pictures were left out ({listed}), more than a fifth of those that the"
        f" feed names: {refusals[0].problem} Correct the paths or the files and ingest again."
    )
