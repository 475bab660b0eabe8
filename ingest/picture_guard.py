"""The picture guard: a folder that is away for a moment takes no vectors from the index.

A change that would leave its product with fewer readable pictures than are known is accepted with
the known ones at first; their vectors are in the spool. When the feed has been read, and it is
little that would be lost, those products are accepted again without.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ingest.changes import Accepted, AcceptedPicture, Change, content_hash
from ingest.ledger import Ledger
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
        self._lost = 0

    def guarded(self, changes: Sequence[Change]) -> list[Change]:
        """Return the changes to accept now, those that lose pictures with the known ones."""
        if self._yes or not self._known:
            return list(changes)
        known = self._ledger.pictures_of([c.product.id for c in changes])
        return [self._guarded(change, known) for change in changes]

    def note(self, accepted: Sequence[Accepted]) -> None:
        """Forget the changes that were not taken: what was superseded takes nothing away."""
        for one in accepted:
            if one.verdict == "superseded" and (held := self._held.pop(one.id, None)):
                self._lost -= held.lost

    @property
    def refusal(self) -> str:
        """Why the pictures were kept; empty where the loss is small enough to pass."""
        share = self._lost / max(1, self._known)
        if share <= MOST:
            return ""
        held = next(iter(self._held.values()))
        reasons = [r.problem for r in held.change.refusals]
        example = reasons[0] if reasons else f"Product {held.change.product.id!r} names fewer."
        return (
            f"The feed lacks {self._lost} of {self._known} known pictures ({share:.0%}), so that"
            f" the index keeps them: {example} Correct the paths or the folder; more than"
            f" {MOST:.0%} are given up with --yes only."
        )

    def released(self) -> list[Change]:
        """Return the changes that lose pictures, to be accepted as the feed has them."""
        return [] if self.refusal else [held.change for held in self._held.values()]

    def _guarded(self, change: Change, known: Mapping[str, tuple[AcceptedPicture, ...]]) -> Change:
        before = [p for p in known.get(change.product.id, ()) if p.sha]
        lost = len(before) - sum(1 for p in change.pictures if p.sha)
        if earlier := self._held.pop(change.product.id, None):  # the feed names it twice
            self._lost -= earlier.lost
        if lost <= 0 or change.product.deleted:
            return change
        # Beyond the share nothing is released, and one example is enough.
        example = next(iter(self._held.values())).change if self.refusal else change
        self._held[change.product.id] = _Held(example, lost)
        self._lost += lost
        readable = [p for p in change.pictures if p.sha]
        there = {p.path for p in readable}
        kept = (*readable, *(p for p in before if p.path not in there))
        refusals = tuple(r for r in change.refusals if r.path not in {p.path for p in kept})
        content = content_hash(change.product, kept, self._identity)
        return replace(change, content=content, pictures=kept, refusals=refusals)
