"""The fitted spaces on this machine: a folder for each identity, and which one an alias uses."""

import json
import os
from pathlib import Path

from encoders.atomic_io import write_atomically
from encoders.space import Space
from mappings.calibration import Calibration
from mappings.errors import InputError
from shelfsight.settings import Settings, home

SCALES = "calibration.json"


def space_path(settings: Settings) -> Path:
    """Return the folder of the space that the alias's live index was made with (a link)."""
    return home(settings) / "spaces" / settings.alias


def space_models(settings: Settings) -> tuple[str, str]:
    """Return the names of the text and the image model of the alias's space.

    The image model's is empty when no picture could be read as the space was fitted.

    Raises:
        InputError: No catalogue has been prepared for the alias.
    """
    record = json.loads((require_prepared(settings) / "space.json").read_text(encoding="utf-8"))
    return str(record["text"]), str(record["image"] or "")


def require_prepared(settings: Settings) -> Path:
    """Return the folder of the alias's space.

    Raises:
        InputError: No catalogue has been prepared for the alias; those that have are named.
    """
    folder = space_path(settings)
    if folder.exists():
        return folder
    others = [p.name for p in sorted(folder.parent.glob("*")) if p.is_symlink() and p.exists()]
    known = f" Ready here: {', '.join(others)}; say --alias {others[0]}." if others else ""
    raise InputError(
        f"No catalogue has been ingested for the alias {settings.alias!r} in {home(settings)}.",
        f"Ingest one: `shelfsight ingest PATH`.{known}",
    )


def space_folder(settings: Settings, digest: str) -> Path:
    """Return the folder of the space with an identity, there or not."""
    return home(settings) / "spaces" / f"by-identity-{digest}"


def keep_space(settings: Settings, space: Space, calibration: Calibration) -> Path:
    """Write a space and its signals' scales into the folder of its identity; return the folder.

    The scales are kept beside, so that an index that was lost is made again from here.
    """
    folder = space_folder(settings, space.identity.digest)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / SCALES, json.dumps(calibration.to_meta()))
    space.save(folder)  # its card last: then the folder is complete
    return folder


def load_calibration(settings: Settings) -> Calibration | None:
    """Return the scales of the alias's space as they were fitted; ``None``: not kept."""
    try:
        found = json.loads((space_path(settings) / SCALES).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return Calibration.from_meta(found)


def use_space(settings: Settings, digest: str) -> None:
    """Let the alias use the space of an identity, in one step.

    Raises:
        InputError: No space of that identity is kept on this machine.
    """
    folder = space_folder(settings, digest)
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
