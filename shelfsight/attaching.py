"""Attaching on one page: look, propose, fit, add, fill, show; and each way back."""

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attach.backfill import Backfill, Backfilled, marks_of
from attach.pictures import open_pictures
from attach.reading import Endurance, ShopReader, count_vectors
from attach.reconcile import forget, reconcile, take_out
from attach.vectors import Embedder
from encoders.cache import VectorSpool
from mappings.attach import MODES, Attachment, Inputs, read_attachment, write_attachment
from mappings.attach_parallel import find_parallel, follow_mapping, show_parallel
from mappings.attach_shop import ShopIndex, read_shop
from mappings.attached_columns import RESERVED, VECTORS
from mappings.calibration import Calibration, Saturation
from mappings.connection import address_of, node_errors
from mappings.errors import InputError
from shelfsight.attach_fitting import (
    marks_folder,
    open_attached_space,
    read_bodies,
    start_attachment,
)
from shelfsight.attach_inputs import remember, settle_inputs
from shelfsight.attach_notes import picture_notes
from shelfsight.attach_proposal import Proposal, find_attached
from shelfsight.progress import Steps
from shelfsight.settings import Settings
from shelfsight.wiring import open_client, open_sight, spool_path

if TYPE_CHECKING:
    from encoders.space import Space
    from query.augmenting.opened import Augmenter


def carry_out(
    settings: Settings, proposal: Proposal, pictures: Path | None, bodies: Path | None, steps: Steps
) -> tuple[Attachment, Backfilled]:
    """Do what was proposed, or go on where it was interrupted, and return what came of it.

    Args:
        settings: Models, node and folders.
        proposal: What to do.
        pictures: The folder that the shop's picture paths start from.
        bodies: The shop's own bodies, one a line, to measure the scale of its scores by.
        steps: Shows the progress.

    Raises:
        InputError: It cannot be done this way; says why.
        NodeUnreachable: The node does not answer for too long; start again to go on.
    """
    if proposal.hindrances:
        raise InputError(
            " ".join(h.problem for h in proposal.hindrances), proposal.hindrances[0].cure
        )
    from query.model.profiles import load_profiles

    client = open_client(settings)
    settings, inputs = settle_inputs(settings, proposal.known, pictures, bodies)
    load_profiles(settings.config)  # what cannot be read is said before anything is written
    attached, space = _opened(settings, proposal, pictures is not None)
    if attached is None or space is None:
        attached, space = start_attachment(settings, client, proposal, inputs, steps)
    if proposal.mode == "parallel":
        follow_mapping(client, proposal.shop, attached.index)
    other_folder = inputs.pictures != attached.inputs.pictures
    filling = backfill_of(settings, client, proposal.shop, attached, space, inputs, steps)
    done = _closing(filling, lambda: filling.run(anew=other_folder), proposal.shop.asked)
    attached = remember(client, attached, _lasting(inputs, attached, filling))
    if proposal.mode == "parallel":
        show_parallel(client, attached, find_parallel(client, proposal.shop.asked))
    install_template(settings, client, attached)
    return attached, done


def _opened(
    settings: Settings, proposal: Proposal, with_pictures: bool
) -> "tuple[Attachment, Space] | tuple[None, None]":
    """Return what is attached and its models, or nothing where it must be begun anew.

    It must be where other fields or models are asked for, and where pictures are given to one that
    was fitted without.
    """
    attached = proposal.attached
    if attached is None or proposal.anew:
        return None, None
    space = open_attached_space(settings, attached.identity.digest)
    if space.image is None and with_pictures:
        return None, None
    return attached, space


def reconcile_attached(
    settings: Settings, index: str, pictures: Path | None, steps: Steps, *, drop_lost: bool = False
) -> Backfilled:
    """Compare every document of the shop's with its vectors, and put back what is missing.

    Args:
        settings: Models, node and folders.
        index: The shop's index, or its alias.
        pictures: The folder that the shop's picture paths start from, where it is another now.
        steps: Shows the progress.
        drop_lost: Drop the vectors of pictures that cannot be read any more, however many.

    Raises:
        InputError: Shelfsight is not attached to the index; or the pictures' folder is not known.
        NodeUnreachable: The node does not answer for too long.
    """
    client = open_client(settings)
    shop, attached = require_attached(client, index)
    settings, inputs = settle_inputs(settings, attached.inputs, pictures)
    if attached.mode == "parallel":
        follow_mapping(client, shop, attached.index)
    space = open_attached_space(settings, attached.identity.digest)
    filling = backfill_of(settings, client, shop, attached, space, inputs, steps, drop_lost)
    done = _closing(filling, lambda: reconcile(filling), index)
    lasting = _lasting(inputs, attached, filling)
    remember(client, attached, replace(attached.inputs, pictures=lasting.pictures))
    return done


def _lasting(inputs: Inputs, attached: Attachment, filling: Backfill) -> Inputs:
    """Return the inputs to remember: the models that were used, no folder that lacks pictures."""
    known = attached.inputs
    folder = known.pictures if filling.embedder.pictures.is_away else inputs.pictures
    return replace(
        inputs, pictures=folder, text_model=known.text_model, image_model=known.image_model
    )


def status_of(settings: Settings, index: str) -> dict[str, Any]:
    """Return how far an attachment is filled, and how far it is behind the shop.

    Raises:
        InputError: Shelfsight is not attached to the index.
        NodeUnreachable: The node does not answer.
    """
    client = open_client(settings)
    shop, attached = require_attached(client, index)
    reader = ShopReader(client, shop.name, shop.shards, False, Endurance(0.0))
    now, done = reader.marks(), marks_of(attached, marks_folder(settings)).load()
    with node_errors(address_of(client)):
        total = int(client.count(index=shop.name)["count"])
    texts, pictures, attributes = (count_vectors(client, attached.index, v) for v in VECTORS)
    with node_errors(address_of(client)):
        held = int(client.count(index=attached.index)["count"])
    return {
        "index": shop.name, "mode": attached.mode, "attached": attached.index,
        "target": attached.target, "documents": total, "held": held, "with_vectors": texts,
        "with_picture_vectors": pictures, "with_attribute_vectors": attributes,
        "pictures": attached.inputs.pictures, "inputs": asdict(attached.inputs),
        "behind": sum(mark - done.get(shard, -1) for shard, mark in now.items()),
        "identity": attached.identity.digest, "columns": attached.columns.to_meta(),
        "lexical_scale": attached.calibration.to_meta().get("lexical"),
    }  # fmt: skip


def measure(settings: Settings, index: str, bodies: Path) -> Saturation:
    """Measure the scale of the shop's scores by its own bodies, and write it down.

    Raises:
        InputError: The file holds no bodies, or Shelfsight is not attached.
        NodeUnreachable: The node does not answer.
    """
    from query.augmenting.scale import measure_scale

    client = open_client(settings)
    shop, attached = require_attached(client, index)
    scale = measure_scale(client, shop.name, read_bodies(bodies))
    settings, inputs = settle_inputs(settings, attached.inputs, bodies=bodies)
    lasting = replace(attached.inputs, bodies=inputs.bodies, config=inputs.config)
    fresh = Calibration({**attached.calibration.scales, "lexical": scale})
    attached = write_attachment(client, replace(attached, calibration=fresh, inputs=lasting))
    install_template(settings, client, attached)
    return scale


def detach(settings: Settings, index: str) -> dict[str, Any]:
    """Take away what attaching added, and say what stays.

    Raises:
        InputError: Shelfsight is not attached to the index.
        NodeUnreachable: The node does not answer for too long; start again to go on.
    """
    from query.augmenting.template import uninstall

    client = open_client(settings)
    removed: dict[str, Any] = {"indices": [], "documents": 0, "stays": []}
    if held := find_parallel(client, index):  # also of a shop's index that is no more
        attached = held[-1]
        removed["indices"] = [a.index for a in held]
        with node_errors(address_of(client)):
            client.indices.delete(index=",".join(removed["indices"]))
    else:
        shop, attached = require_attached(client, index)
        removed["documents"] = take_out(client, attached, shop.shards, Endurance())
        forget(client, attached)
        removed["stays"] = [
            f"the empty columns {RESERVED}.* in the mapping of {shop.name!r}: the engine takes no"
            " field out of a mapping"
        ]
    removed["scripts"] = list(uninstall(client, attached, last=_is_last(client)))
    for path in (marks_of(attached, marks_folder(settings)).path, _records(settings, attached)):
        path.unlink(missing_ok=True)
    return removed


def open_augmenter(settings: Settings, index: str) -> "Augmenter":
    """Return what augments the bodies of an attached index, its models loaded.

    Raises:
        InputError: Shelfsight is not attached to it, or its models are not kept here.
        NodeUnreachable: The node does not answer.
    """
    from encoders.pictures import QUESTION_LIMITS, PictureDecoder
    from query.augmenting.opened import Augmenter
    from query.model.profiles import load_profiles

    client = open_client(settings)
    space = open_attached_space(settings, read_attachment(client, index).identity.digest)
    return Augmenter(
        client,
        index,
        space.identity,
        text=space.text,
        image=space.image,
        decoder=PictureDecoder(QUESTION_LIMITS) if space.image else None,
        sight=open_sight(settings, space),
        profiles=load_profiles(settings.config),
    )


def require_attached(client: Any, index: str) -> tuple[ShopIndex, Attachment]:  # noqa: ANN401
    """Return the shop's index and what is attached to it.

    Raises:
        InputError: Nothing is.
    """
    shop = read_shop(client, index)
    for mode in MODES:
        if found := find_attached(client, shop, mode):
            return shop, found
    raise InputError(
        f"Shelfsight is not attached to {index!r}.",
        f"Attach it: `shelfsight attach --index {index}` shows what that would do.",
    )


def install_template(settings: Settings, client: Any, attached: Attachment) -> None:  # noqa: ANN401
    """Store the formula and the search template in the cluster."""
    from query.augmenting.template import install
    from query.model.profiles import load_profiles

    install(client, attached, load_profiles(settings.config)["default"])


def backfill_of(
    settings: Settings,
    client: Any,  # noqa: ANN401 - opensearchpy.OpenSearch
    shop: ShopIndex,
    attached: Attachment,
    space: "Space",
    inputs: Inputs,
    steps: Steps,
    drop_lost: bool = False,
) -> Backfill:
    """Return what fills an attachment."""
    from encoders.pictures import PictureDecoder

    root = Path(inputs.pictures) if inputs.pictures else None
    pictures = open_pictures(
        client, attached, root, _records(settings, attached), drop_lost=drop_lost
    )
    embedder = Embedder(
        space, VectorSpool(spool_path(settings)), attached.reserved, pictures, PictureDecoder
    )
    with node_errors(address_of(client)):
        total = int(client.count(index=shop.name)["count"])
    advance = steps.step(f"filling {attached.index}", "documents")
    return Backfill(
        client, attached, embedder, marks_of(attached, marks_folder(settings)), shop.shards,
        on_progress=lambda done, _: advance(min(done, total), total),
    )  # fmt: skip


def _records(settings: Settings, attached: Attachment) -> Path:
    """Return the file of what is known of a shop's pictures, over all generations of its index."""
    return marks_folder(settings) / f"{attached.target}-pictures.sqlite"


def _closing(filling: Backfill, run: Callable[[], Backfilled], index: str) -> Backfilled:
    try:
        return replace(run(), notes=picture_notes(filling.embedder.pictures, index))
    finally:
        filling.embedder.close()


def _is_last(client: Any) -> bool:  # noqa: ANN401 - opensearchpy.OpenSearch
    """Tell whether no index of the cluster is attached any more."""
    with node_errors(address_of(client)):
        every = client.indices.get_mapping(index="*", expand_wildcards="all")
    return not any(
        "attached" in entry["mappings"].get("_meta", {}).get(RESERVED, {})
        for entry in every.values()
    )
