"""The alias's indices: prepared from a catalogue, described, compared with the code."""

from itertools import islice
from typing import TYPE_CHECKING, Any

from encoders.cache import VectorSpool
from encoders.registry import load_image_encoder, load_text_encoder
from ingest.catalogue import Catalogue
from ingest.stages.enrich import keep_gazetteer
from ingest.startup import space_identity
from ingest.writer.stored import refresh
from mappings.body import render
from mappings.calibration import Affine, Calibration, Raw, Saturation
from mappings.errors import IdentityMismatch, InputError, StackError
from mappings.fields import Engine
from mappings.identity import ModelIdentity
from mappings.index import (
    CatalogueIndex,
    Difference,
    alias_targets,
    create,
    diff,
    live_index,
    next_alias,
    read_index,
)
from mappings.schema import Schema
from shelfsight.progress import Steps
from shelfsight.settings import Settings, cores
from shelfsight.spaces import keep_space, require_prepared, space_models, space_path, use_space
from shelfsight.wiring import model_cache, open_client, open_space, spool_path

if TYPE_CHECKING:
    from encoders.protocol import ImageEncoder, TextEncoder
    from shelfsight.fitting import Fitted, Models

READ_AHEAD = 2_000
LIVING = {"query": {"bool": {"must_not": {"term": {"deleted": True}}}}}
"""Counts products and no tombstones."""
TITLES = 200


def prepare_index(
    settings: Settings, catalogue: Catalogue, *, new: bool = False, steps: Steps | None = None
) -> CatalogueIndex:
    """Return the alias's live index; where there is none, fit the space and create it.

    Args:
        settings: Whose alias and models.
        catalogue: What the space is fitted on.
        new: Create another generation even when there is a live index; the alias stays.
        steps: Shows the progress.

    Raises:
        NodeUnreachable: The node does not answer.
        InputError: The catalogue holds no product, or the node refuses the index.
        IdentityMismatch: The live index was made with other models than the settings name.
        UnknownModel: A model that the settings name cannot be loaded.
    """
    from shelfsight.rebuilding import restore_index

    client = open_client(settings)
    alias_targets(client, settings.alias)  # the node is asked before a model is loaded
    live = None if new else live_index(client, settings.alias)
    if live is not None:
        require_models(settings, live, live_index(client, next_alias(settings.alias)))
        return live
    if not new and (restored := restore_index(settings)) is not None:
        return restored
    if steps is None:
        with Steps() as steps:
            return create_index(settings, fit_catalogue(settings, catalogue, steps))
    return create_index(settings, fit_catalogue(settings, catalogue, steps))


def require_models(
    settings: Settings, live: CatalogueIndex, following: CatalogueIndex | None = None
) -> None:
    """Refuse to go on when the live index was made with other models than the settings name.

    Args:
        settings: Which models.
        live: The live index.
        following: The alias's next index, whose models the settings may name already.

    Raises:
        IdentityMismatch: Naming both models; or its space is another one than the index's.
        InputError: The index's space is not kept on this machine.
        UnknownModel: A model that the settings name cannot be loaded.
    """
    if not space_path(settings).exists():  # another machine's index, or an earlier home's
        use_space(settings, live.identity.digest)
    ours = space_identity(require_prepared(settings))  # read, so that no model is loaded
    if ours is not None:
        ours.require(live.identity, f"Index {live.name!r}")
    made = [i.identity for i in (live, following) if i is not None]
    text, image = space_models(settings)
    if settings.text_model != text:
        other = load_text_encoder(settings.text_model, threads=cores())
        _require_model("text", text, {i.text for i in made}, settings.text_model, other, live)
    if image and settings.image_model != image:
        seen = load_image_encoder(
            settings.image_model, threads=cores(), runtime=settings.image_runtime,
            cache=model_cache(settings),
        )  # fmt: skip
        _require_model("image", image, {i.image for i in made}, settings.image_model, seen, live)


def _require_model(
    side: str, made: str, digests: set[str], asked: str, encoder: "TextEncoder | ImageEncoder",
    live: CatalogueIndex,
) -> None:  # fmt: skip
    """Two names may stand for one model: its card decides."""
    if encoder.card.digest not in digests:
        variable = f"SHELFSIGHT_{side.upper()}_MODEL"
        raise IdentityMismatch(
            f"{variable} is {asked!r} ({encoder.card.dim} dimensions), but the index"
            f" {live.name!r} was made with {made!r} ({live.identity.dim} in its space).",
            f"Set {variable}={made}, or make another index with `shelfsight index create"
            " CATALOGUE`, fill it with `shelfsight ingest CATALOGUE`, and point the alias to it"
            " with `shelfsight index swap`.",
        )


def fit_catalogue(
    settings: Settings, catalogue: Catalogue, steps: Steps, read: int = READ_AHEAD
) -> "Fitted":
    """Return the space of a catalogue and its calibration; needs no node.

    Args:
        settings: Which models, how large a sample, and its seed.
        catalogue: What it is fitted on.
        steps: Shows the progress.
        read: Rows from which the sample is drawn, the first ones.

    Raises:
        InputError: The catalogue holds no product.
        UnknownModel: A model that the settings name cannot be loaded.
    """
    from shelfsight.alignment import alignment_path
    from shelfsight.fitting import fit_space

    loading = steps.tell(f"loading {settings.text_model} and {settings.image_model}")
    models = load_models(settings)
    loading.done(f"{settings.text_model} and {settings.image_model} are loaded")
    return fit_space(
        catalogue, models, VectorSpool(spool_path(settings)),
        read=read, pictures=settings.sample, seed=settings.seed, steps=steps,
        kept=alignment_path(settings),
    )  # fmt: skip


def load_models(settings: Settings) -> "Models":
    """Return the encoders that the settings name, on all processors of this process.

    Raises:
        UnknownModel: One cannot be loaded here.
    """
    from shelfsight.fitting import Models

    return Models(
        load_text_encoder(settings.text_model, threads=cores()),
        load_image_encoder(
            settings.image_model, threads=cores(), runtime=settings.image_runtime,
            cache=model_cache(settings),
        ),
    )  # fmt: skip


def create_index(settings: Settings, fitted: "Fitted") -> CatalogueIndex:
    """Create the index of a fitted space and return it; a free alias is pointed to it.

    Raises:
        NodeUnreachable: The node does not answer.
        InputError: The node refuses the body.
    """
    client, identity = open_client(settings), fitted.space.identity
    folder = keep_space(settings, fitted.space, fitted.calibration)
    keep_gazetteer(fitted.gazetteer, folder)
    if not alias_targets(client, settings.alias):  # workers may look as soon as the alias exists
        use_space(settings, identity.digest)
    return create_for(settings, identity, fitted.calibration)


def create_for(
    settings: Settings, identity: ModelIdentity, calibration: Calibration
) -> CatalogueIndex:
    """Create the index of a space that is kept here and return it.

    Raises:
        NodeUnreachable: The node does not answer.
        InputError: The node refuses the body.
    """
    client = open_client(settings)
    body = render(schema_for(settings, identity.dim, calibration), identity, calibration)
    name = create(client, settings.alias, identity, body)
    return read_index(client, settings.alias, name)


def schema_for(settings: Settings, dim: int, calibration: Calibration) -> Schema:
    """Return the columns of a new index: the blend is that of the default profile's weights."""
    from mappings.blend import Blend
    from query.model.profiles import load_profiles

    weights = load_profiles(settings.config)["default"].weights
    return Schema(dim, Blend.of(weights, calibration))


def finish_index(settings: Settings, catalogue: Catalogue, alias: str = "") -> None:
    """Let searches see all that was written; measure BM25's scale where it is still assumed.

    Args:
        settings: Whose node, home and seed.
        catalogue: Where the pseudo-queries' titles come from, its first 200 products.
        alias: Whose index; the settings' when left out.

    Raises:
        NodeUnreachable: The node does not answer.
        InputError: The alias does not exist.
    """
    make_visible(settings, alias)
    if require_live(settings, alias).calibration["lexical"] == default_scales()["lexical"]:
        calibrate_lexical(settings, catalogue, alias)


def calibrate_lexical(settings: Settings, catalogue: Catalogue, alias: str = "") -> Calibration:
    """Measure BM25's scale on an alias's index, write it there and return all scales.

    Args:
        settings: Whose node and seed.
        catalogue: Where the pseudo-queries' titles come from, its first 200 products.
        alias: Whose index; the settings' when left out.

    Raises:
        InputError: The alias does not exist.
    """
    from mappings.index import write_calibration
    from query.calibration.bm25 import estimate_lexical

    client = open_client(settings)
    live = require_live(settings, alias)
    rows = (row.product for row in catalogue.rows())
    titles = {p.id: p.title for p in islice(rows, TITLES) if p is not None and not p.deleted}
    measured = estimate_lexical(client, live.name, titles, seed=settings.seed)
    fresh = Calibration({**live.calibration.scales, "lexical": measured})
    write_calibration(client, live.name, fresh)
    return fresh


def make_visible(settings: Settings, alias: str = "") -> None:
    """Let searches see all that has been written to an alias, not only after its next refresh.

    Raises:
        NodeUnreachable: The node does not answer.
    """
    refresh(open_client(settings), alias or settings.alias)


def require_live(settings: Settings, alias: str = "") -> CatalogueIndex:
    """Return the index behind an alias, the settings' when left out.

    Raises:
        InputError: There is no such alias.
    """
    name = alias or settings.alias
    live = live_index(open_client(settings), name)
    if live is None:
        raise InputError(
            f"There is no alias {name!r}.",
            "Create it by ingesting a catalogue: `shelfsight ingest PATH`.",
        )
    return live


def body_for(settings: Settings, engine: str) -> dict[str, Any]:
    """Return the index body of the alias's space, for ``opensearch`` or ``elasticsearch``.

    Raises:
        InputError: The engine is not known, or no catalogue has been prepared for the alias.
    """
    wanted: Engine = engine  # type: ignore[assignment] # render() refuses what it does not know
    identity, calibration = open_space(settings).identity, _calibration(settings)
    schema = schema_for(settings, identity.dim, calibration)
    return render(schema, identity, calibration, engine=wanted)


def describe(settings: Settings) -> dict[str, Any]:
    """Return what the live index says of itself."""
    live = require_live(settings)
    documents = open_client(settings).count(index=live.name)["count"]
    return {"alias": live.alias, "index": live.name, "documents": documents} | {
        k: v for k, v in live.mapping["_meta"]["shelfsight"].items() if k != "schema_version"
    }


def generations(settings: Settings) -> list[dict[str, Any]]:
    """Return the alias's indices, oldest first, and which of them is live."""
    client = open_client(settings)
    live = alias_targets(client, settings.alias)
    following = alias_targets(client, next_alias(settings.alias))
    rows = client.cat.indices(index=f"{settings.alias}-*", format="json", s="creation.date")
    return [
        {
            "name": row["index"],
            "live": row["index"] in live,
            "next": row["index"] in following,
            # The engine's own figure counts each picture as a document too.
            "documents": int(client.count(index=row["index"], body=LIVING)["count"]),
        }
        for row in rows
    ]


def differences(settings: Settings) -> tuple[Difference, ...]:
    """Return where the live index is not what the code would create for its space."""
    live = require_live(settings)
    body = render(live.schema, live.identity, live.calibration)
    return diff(open_client(settings), live.name, body)


def _calibration(settings: Settings) -> Calibration:
    try:
        live = live_index(open_client(settings), settings.alias)
    except StackError:
        live = None
    return live.calibration if live else Calibration(default_scales())


def default_scales() -> "dict[str, Affine | Saturation | Raw]":
    """Return the scales of an index that has not been measured."""
    from query.plan.scales import DEFAULT_SCALES

    return DEFAULT_SCALES
