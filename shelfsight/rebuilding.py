"""The next index of an alias: made again where it was lost, filled, and checked before a swap."""

import sys
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.catalogue import Catalogue
from ingest.startup import space_identity
from ingest.writer.stored import refresh
from ingest.writer.target import Target, read_target
from mappings.calibration import Calibration
from mappings.errors import InputError, StackError
from mappings.index import CatalogueIndex, alias_targets, next_alias, read_index
from shelfsight.indices import LIVING, create_for, default_scales, finish_index, generations
from shelfsight.progress import Steps
from shelfsight.settings import Settings
from shelfsight.spaces import load_calibration, space_folder, space_models, space_path
from shelfsight.wiring import open_client, open_ledger, worker_options

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

    from ingest.filling import Filled


def restore_index(settings: Settings) -> CatalogueIndex | None:
    """Make an index that was lost again, of the space that is kept here; it holds nothing yet.

    Other generations that are left are not its: they may be older, or of other models.

    Returns:
        The index; ``None`` where nothing was lost, the ledger holds no product, or the space's
        models are not those of the settings.

    Raises:
        StackError: The alias is gone, and an index of it is still there.
    """
    if alias_targets(open_client(settings), settings.alias):
        return None
    with closing(open_ledger(settings)) as ledger:
        if ledger.is_empty():
            return None
        known = ledger.target().partition("/")[0]
    if held := next((one for one in generations(settings) if one["name"] == known), None):
        raise StackError(
            f"The alias {settings.alias!r} is gone, but {held['name']} with {held['documents']:,}"
            " documents is there.",
            f"Point the alias to it: `shelfsight index swap --to {held['name']} --yes`.",
        )
    if not space_path(settings).exists():
        return None
    wanted = (settings.text_model, settings.image_model)
    text, image = space_models(settings)
    identity = space_identity(space_path(settings))
    if identity is None or (text, image or wanted[1]) != wanted:
        return None
    print(  # noqa: T201 - the program's voice
        f"warning: the index of {settings.alias!r} is gone; it is made again, and filled from the"
        " ledger.",
        file=sys.stderr,
    )
    return create_for(
        settings, identity, load_calibration(settings) or Calibration(default_scales())
    )


def fill_next(settings: Settings, catalogue: Catalogue, steps: Steps) -> "Filled | None":
    """Fill the alias's next index with what the ledger holds; ``None`` where there is none.

    Args:
        settings: Whose alias.
        catalogue: Where the titles come from that BM25's scale is measured with.
        steps: Shows the progress.

    Raises:
        NodeUnreachable: The node does not answer.
        StackError: Another feed is being ingested.
    """
    from ingest.filling import fill_index
    from ingest.lock import only_one
    from ingest.worker_context import WorkerContext

    client, alias = open_client(settings), next_alias(settings.alias)
    if not alias_targets(client, alias):
        return None
    target = read_target(client, alias)
    folder = space_folder(settings, target.identity.digest)
    advance = steps.step(f"filling {target.index}", "products")
    options = replace(worker_options(settings), alias=alias, space=folder)
    with closing(WorkerContext(options)) as context, only_one(context.ledger.lock):
        filled = fill_index(context, context.ledger, target, advance)
    finish_index(settings, catalogue, alias)
    return filled


def next_index(settings: Settings) -> str:
    """Return the name of the alias's next index.

    Raises:
        InputError: There is none.
    """
    found = alias_targets(open_client(settings), next_alias(settings.alias))
    if not found:
        raise InputError(
            f"The alias {settings.alias!r} has no next index.",
            "Make one with `shelfsight index create CATALOGUE`, or name another: --to NAME"
            " (`shelfsight index list`).",
        )
    return found[0]


def require_filled(settings: Settings, to: str) -> None:
    """Refuse an index that lacks products of the ledger, or of the live index.

    Raises:
        InputError: Naming how many.
        NodeUnreachable: The node does not answer.
    """
    from ingest.reconcile import count_lacking

    client = open_client(settings)
    found = read_index(client, settings.alias, to)
    target = Target(settings.alias, to, "", found.identity, found.schema)
    with closing(open_ledger(settings)) as ledger:
        lacking, known = count_lacking(ledger, client, target)
        pending = len(ledger.pending())
    if not known:  # another machine's ledger: the live index is what there is to compare with
        known = sum(_living(client, live) for live in alias_targets(client, settings.alias))
        lacking = max(0, known - _living(client, to))
    if lacking or pending:
        following = alias_targets(client, next_alias(settings.alias)) == (to,)
        fill = "Fill it with `shelfsight ingest CATALOGUE`, or point" if following else "Point"
        raise InputError(
            f"Index {to!r} lacks {lacking:,} of {known:,} products, or holds them as they were"
            f" before{f'; {pending:,} more are pending' if pending else ''}.",
            f"{fill} the alias to it all the same with --yes: the next `shelfsight ingest` then"
            " sends it what it lacks.",
        )


def _living(client: "OpenSearch", index: str) -> int:
    refresh(client, index)
    return int(client.count(index=index, body=LIVING)["count"])
