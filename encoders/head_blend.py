"""The sum of a fitted head and the one that ships, so that unseen categories still work."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from encoders.adapter import QueryAdapter
from encoders.head import Tensors, Words, head_digest
from encoders.head_aligned import AlignedHead
from encoders.head_generic import GenericHead
from encoders.protocol import Vectors
from mappings.errors import InputError


@dataclass(frozen=True, slots=True, eq=False)
class BlendedHead:
    """A map x -> unit(unit(P((t(x) + share * v(x)) M)) + l(x)): the surer part counts more.

    t is the fitted head's text part, short for pictures unlike those it was fitted on; v are the
    generic head's votes, short where its classifier is unsure; l is the fitted head's visual part.
    P and M are those of the fitted head.
    On clothing photos, a category that is left out of the fit is then found by its name (P@10 0.2
    without the generic part), and the other categories lose almost nothing.

    Args:
        fitted: Fitted on the catalogue's own pairs.
        generic: Covers classes that the catalogue may lack.
        share: Weight of the generic part, at least 0.

    Raises:
        InputError: The two are maps between other spaces.
    """

    fitted: AlignedHead
    generic: GenericHead
    share: float

    kind: ClassVar[str] = "blend"

    def __post_init__(self) -> None:
        shapes = [(h.d_in, h.d_out, h.target_space) for h in (self.fitted, self.generic)]
        if shapes[0] != shapes[1]:
            raise InputError(
                f"The two projections do not fit together: {shapes[0]} and {shapes[1]}.",
                "Take a generic projection of the same encoders.",
            )

    @property
    def source_space(self) -> str:
        """The space of the input vectors."""
        return self.fitted.source_space

    @property
    def target_space(self) -> str:
        """The space of the output vectors."""
        return self.fitted.target_space

    @property
    def d_in(self) -> int:
        """Length of the input rows."""
        return self.fitted.d_in

    @property
    def d_out(self) -> int:
        """Length of the output rows."""
        return self.fitted.d_out

    @property
    def adapter(self) -> QueryAdapter | None:
        """Moves queries before they are compared with these pictures; ``None`` for nothing."""
        return self.fitted.adapter

    @property
    def digest(self) -> str:
        """Twelve hexadecimal characters that change with any number of either part."""
        return head_digest(self.words(), self.tensors())

    def apply(self, rows: NDArray[np.floating]) -> Vectors:
        """Return float32 (n, d_out) unit rows for float (n, d_in) features.

        Raises:
            InputError: The rows have another length.
        """
        text, visual = self.parts(rows)
        return self.fitted.joined(text, visual)

    def parts(self, rows: NDArray[np.floating]) -> tuple[NDArray[np.floating], Vectors]:
        """Return both heads' text part and the visual part, as ``AlignedHead.parts`` does.

        Raises:
            InputError: The rows have another length.
        """
        text, visual = self.fitted.parts(rows)
        return text + self.share * self.generic.votes(rows), visual

    def words(self) -> Words:
        """Return the cards of both parts."""
        return {
            "share": self.share,
            "fitted": self.fitted.words(),
            "generic": self.generic.words(),
        }

    def tensors(self) -> Tensors:
        """Return the tensors of both parts, their names prefixed."""
        return {f"fitted.{k}": v for k, v in self.fitted.tensors().items()} | {
            f"generic.{k}": v for k, v in self.generic.tensors().items()
        }

    @classmethod
    def of(cls, words: Words, tensors: Tensors) -> BlendedHead:
        """Return the head of a card and its tensors."""
        own = {k.removeprefix("fitted."): v for k, v in tensors.items() if k[0] == "f"}
        other = {k.removeprefix("generic."): v for k, v in tensors.items() if k[0] == "g"}
        return cls(
            AlignedHead.of(words["fitted"], own),
            GenericHead.of(words["generic"], other),
            words["share"],
        )


def fitted_of(head: AlignedHead | BlendedHead) -> AlignedHead:
    """Return the part that was fitted on the catalogue."""
    return head.fitted if isinstance(head, BlendedHead) else head


def with_fitted(head: AlignedHead | BlendedHead, fitted: AlignedHead) -> AlignedHead | BlendedHead:
    """Return the head with another fitted part."""
    return replace(head, fitted=fitted) if isinstance(head, BlendedHead) else fitted
