"""The picture guard: a folder that is away for a moment takes no vectors from the index.

A change that would leave its product with fewer readable pictures than are known is accepted with
the known ones at first; their vectors are in the spool. When the feed has been read, and it is
little that would be lost, those products are accepted again without.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ingest.ledger.changes import Accepted, AcceptedPicture, Change, content_hash
from ingest.ledger.ledger import Ledger
from mappings.identity import ModelIdentity

MOST = 0.10
"""Share of the pictures known before the feed from which losing them needs the operator's word."""


@dataclass(frozen=True, slots=True)
class _Held:
    change: Change
    lost: int


class PictureGuard:
    """Holds back, during one feed, the changes that take pictures from products.

    Args:
        ledger: What knows the pictures.
        identity: The models of the index.
        yes: Let every loss pass.
    """

    def __init__(self, ledger: Ledger, identity: ModelIdentity, *, yes: bool) -> None:
        self._ledger, self._identity, self._yes = ledger, identity, yes
        self._known = 0 if yes else ledger.known_pictures()
        self._held: dict[str, _Held] = {}
        self._offered: list[_Held | None] = []
        self._lost = 0
        self._refused: Change | None = None

    def guarded(self, changes: Sequence[Change]) -> list[Change]:
        """Return the changes to accept now, those that lose pictures with the known ones."""
        self._offered = [None] * len(changes)
        if self._yes or not self._known:
            return list(changes)
        known = self._ledger.pictures_of([c.product.id for c in changes])
        return [self._guarded(n, change, known) for n, change in enumerate(changes)]

    def note(self, accepted: Sequence[Accepted]) -> None:
        """Hold the changes that were taken and lose pictures; what was superseded takes nothing.

        Args:
            accepted: What the ledger made of what ``guarded`` returned last, in its order.
        """
        for one, offered in zip(accepted, self._offered, strict=True):
            if one.verdict == "superseded":
                continue
            if earlier := self._held.pop(one.id, None):  # the feed names it twice
                self._lost -= earlier.lost
            if offered is not None:
                self._lost += offered.lost
                self._hold(offered)

    def _hold(self, held: _Held) -> None:
        """Hold a change; beyond the share nothing is released, and one example is enough."""
        if self._refused is None and self._lost > MOST * self._known:
            self._refused = held.change
            self._held.clear()
        if self._refused is None:
            self._held[held.change.product.id] = held

    @property
    def refusal(self) -> str:
        """Why the pictures were kept; empty where the loss is small enough to pass."""
        if self._refused is None:
            return ""
        share = self._lost / self._known
        reasons = [r.problem for r in self._refused.refusals]
        example = reasons[0] if reasons else f"Product {self._refused.product.id!r} names fewer."
        return (
            f"The feed lacks {self._lost} of {self._known} known pictures ({share:.0%}), so that"
            f" the index keeps them: {example} Correct the paths or the folder; more than"
            f" {MOST:.0%} are given up with --yes only."
        )

    def released(self) -> list[Change]:
        """Return the changes that lose pictures, to be accepted as the feed has them."""
        return [held.change for held in self._held.values()]

    def _guarded(
        self, place: int, change: Change, known: Mapping[str, tuple[AcceptedPicture, ...]]
    ) -> Change:
        before = [p for p in known.get(change.product.id, ()) if p.sha]
        lost = len(before) - sum(1 for p in change.pictures if p.sha)
        if lost <= 0 or change.product.deleted:
            return change
        self._offered[place] = _Held(change, lost)
        readable = [p for p in change.pictures if p.sha]
        there = {p.path for p in readable}
        kept = (*readable, *(p for p in before if p.path not in there))
        refusals = tuple(r for r in change.refusals if r.path not in {p.path for p in kept})
        content = content_hash(change.product, kept, self._identity)
        return replace(change, content=content, pictures=kept, refusals=refusals)
