"""What a worker makes sure of before it takes its first task."""

import json
import logging
from pathlib import Path

from ingest.celery_app import check_broker
from ingest.options import WorkerOptions
from mappings.errors import NodeUnreachable
from mappings.identity import ModelIdentity
from mappings.index import live_index

log = logging.getLogger("shelfsight.ingest")


def check_worker(options: WorkerOptions) -> None:
    """Refuse to start where work would be lost, or vectors of two models would meet.

    A node that is away and a space or an index that is not there yet are no reasons to refuse:
    tasks wait for them, and look at the identity again before they write.

    Raises:
        BrokerUnreachable: The broker does not answer.
        StackError: The broker evicts keys when its memory is full.
        IdentityMismatch: The index holds vectors of other models than this worker's.
    """
    if warning := check_broker(options):
        log.warning("%s", warning)
    ours = space_identity(options.space)
    if ours is None:
        return
    client = options.connection.open()
    try:
        live = live_index(client, options.alias)
        if live is not None:
            ours.require(live.identity, f"The index {live.name!r}")
    except NodeUnreachable as error:
        log.warning("%s Tasks wait for it.", error)
    finally:
        client.close()


def space_identity(folder: Path) -> ModelIdentity | None:
    """Return the identity of a fitted space without loading its models; ``None``: not there."""
    try:
        found = json.loads((folder / "space.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return ModelIdentity.from_meta(found)
