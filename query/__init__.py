"""Question in, explained hits out."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from query.augmenting.opened import Augmenter, augment

__all__ = ["Augmenter", "augment"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever is exported
    if name in __all__:
        from query.augmenting import opened

        return getattr(opened, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
