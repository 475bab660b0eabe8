"""The fitted spaces on this machine: a folder for each identity, and which one an alias uses."""

import os
from pathlib import Path

from encoders.space import Space
from mappings.errors import InputError
from shelfsight.settings import Settings, home


def space_path(settings: Settings) -> Path:
    """Return the folder of the space that the alias's live index was made with (a link)."""
    return home(settings) / "spaces" / settings.alias


def keep_space(settings: Settings, space: Space) -> Path:
    """Write a space into the folder of its identity and return the folder."""
    folder = home(settings) / "spaces" / f"by-identity-{space.identity.digest}"
    space.save(folder)
    return folder


def use_space(settings: Settings, digest: str) -> None:
    """Let the alias use the space of an identity, in one step.

    Raises:
        InputError: No space of that identity is kept on this machine.
    """
    folder = home(settings) / "spaces" / f"by-identity-{digest}"
    if not folder.is_dir():
        raise InputError(
            f"The space with identity {digest} is not kept on this machine ({folder}).",
            "Copy its folder here from the machine that created the index.",
        )
    link = space_path(settings)
    fresh = link.with_name(f".{link.name}-{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(folder.name)
    os.replace(fresh, link)
