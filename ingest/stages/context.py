"""What the stages need of whoever runs them: a worker, or the backfill of an attached index."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from encoders.cache import VectorSpool
from ingest.ledger.changes import Refusal
from ingest.options import WorkerOptions

if TYPE_CHECKING:
    from encoders.pictures import PictureDecoder
    from encoders.space import Space


class RefusalLog(Protocol):
    """Which pictures could not be used, as the ledger records it."""

    def refusals_of(self, ids: Sequence[str]) -> list[Refusal]:
        """Return the refused pictures of these products."""
        ...

    def refuse(self, refusals: Sequence[Refusal]) -> None:
        """Record refused pictures."""
        ...

    def absences(self, pictures: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], int]:
        """Count one more try for each absent picture, by product and path; return the counts."""
        ...

    def add_timing(self, run: int, stage: str, seconds: float, items: int) -> None:
        """Add to the seconds and items of a stage."""
        ...


class StageContext(Protocol):
    """Models, spool, decoder and record of refusals."""

    @property
    def options(self) -> WorkerOptions:
        """What the stages are told."""
        ...

    @property
    def ledger(self) -> RefusalLog:
        """Where refused pictures are recorded."""
        ...

    @property
    def spool(self) -> VectorSpool:
        """Where vectors are kept by content."""
        ...

    @property
    def decoder(self) -> "PictureDecoder":
        """The capped child process that decodes pictures."""
        ...

    def space(self) -> "Space":
        """Return the models."""
        ...
