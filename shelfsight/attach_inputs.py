"""What is given once when attaching, and holds until something else is given."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from mappings.attach import Attachment, Inputs, write_attachment
from mappings.errors import InputError
from shelfsight.settings import Settings

MODELS = ("text_model", "image_model")


def settle_inputs(
    settings: Settings,
    known: Inputs,
    pictures: Path | None = None,
    bodies: Path | None = None,
) -> tuple[Settings, Inputs]:
    """Return settings and inputs in which what is not given now is what was given before.

    Args:
        settings: As this process was told.
        known: As the attachment remembers.
        pictures: The folder that the shop's picture paths start from.
        bodies: The shop's own bodies, one a line.

    Raises:
        InputError: There is no such folder.
    """
    before: dict[str, Any] = {
        name: getattr(known, name)
        for name in MODELS
        if getattr(known, name) and name not in settings.model_fields_set
    }
    if known.config and settings.config is None:
        before["config"] = Path(known.config)
    settings = settings.model_copy(update=before)
    return settings, Inputs(
        pictures=_folder(pictures) if pictures else known.pictures,
        config=str(settings.config.resolve()) if settings.config else "",
        text_model=settings.text_model,
        image_model=settings.image_model,
        bodies=str(bodies.resolve()) if bodies else known.bodies,
    )


def changed_models(known: Inputs, inputs: Inputs) -> tuple[str, ...]:
    """Return the models that are to be others than those the vectors were made with."""
    return tuple(
        f"{name} is {getattr(inputs, name)!r} now and was {getattr(known, name)!r}"
        for name in MODELS
        if getattr(known, name) and getattr(known, name) != getattr(inputs, name)
    )


def remember(client: Any, attached: Attachment, inputs: Inputs) -> Attachment:  # noqa: ANN401
    """Write down what was given now, where it is something new.

    Raises:
        NodeUnreachable: The node does not answer.
    """
    if inputs == attached.inputs:
        return attached
    return write_attachment(client, replace(attached, inputs=inputs))


def _folder(pictures: Path) -> str:
    if not pictures.is_dir():
        raise InputError(
            f"There is no folder {str(pictures)!r} (--pictures).",
            "Name the folder that the shop's picture paths start from.",
        )
    return str(pictures.resolve())
