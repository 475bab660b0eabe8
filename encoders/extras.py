"""Imports optional packages; where one is missing, the error names the extra to install."""

import importlib
from types import ModuleType

from mappings.errors import UnknownModel


def require(module: str, *, extra: str, model: str) -> ModuleType:
    """Import a package, or say how to install it.

    Args:
        module: The import name.
        extra: The extra of ``shelfsight`` that brings it; empty for the core.
        model: The name of the model that was asked for.

    Raises:
        UnknownModel: The package is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        what = f"shelfsight[{extra}]" if extra else "shelfsight"
        raise UnknownModel(
            f"The model {model!r} needs the package {module!r}, which cannot be imported here"
            f" ({error}).",
            f"Install it with `pip install '{what}'`, or name another model.",
        ) from None


def refuse_argument(name: str, argument: str) -> None:
    """Refuse ``name:argument`` for a model that takes none.

    Raises:
        UnknownModel: There is an argument.
    """
    if argument:
        raise UnknownModel(
            f"The model {name!r} takes nothing after a colon, but {argument!r} was given.",
            f"Write {name!r}.",
        )
