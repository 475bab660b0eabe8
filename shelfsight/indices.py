"""The alias's indices: prepared from a catalogue, described, compared with the code."""

from itertools import islice
from typing import TYPE_CHECKING, Any

from encoders.cache import VectorSpool
from encoders.registry import load_image_encoder, load_text_encoder
from ingest.catalogue import Catalogue
from ingest.enrich import keep_gazetteer
from ingest.startup import space_identity
from mappings.body import render
from mappings.calibration import Calibration
from mappings.errors import IdentityMismatch, InputError
from mappings.fields import Engine
from mappings.index import CatalogueIndex, Difference, create, diff, live_index, read_index
from mappings.schema import Schema
from shelfsight.progress import Steps
from shelfsight.settings import Settings, cores
from shelfsight.spaces import (
    keep_space,
    require_prepared,
    space_models,
    space_path,
    use_space,
)
from shelfsight.wiring import model_cache, open_client, open_space, spool_path

if TYPE_CHECKING:
    from encoders.protocol import ImageEncoder, TextEncoder
    from shelfsight.fitting import Fitted, Models

READ_AHEAD = 2_000
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
    client = open_client(settings)
    live = live_index(client, settings.alias)
    if live is not None and not new:
        require_models(settings, live)
        return live
    if steps is None:
        with Steps() as steps:
            return create_index(settings, fit_catalogue(settings, catalogue, steps))
    return create_index(settings, fit_catalogue(settings, catalogue, steps))


def require_models(settings: Settings, live: CatalogueIndex) -> None:
    """Refuse to go on when the live index was made with other models than the settings name.

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
    text, image = space_models(settings)
    if settings.text_model != text:
        other = load_text_encoder(settings.text_model, threads=cores())
        _require_model("text", text, live.identity.text, settings.text_model, other, live)
    if image and settings.image_model != image:
        seen = load_image_encoder(
            settings.image_model, threads=cores(), runtime=settings.image_runtime,
            cache=model_cache(settings),
        )  # fmt: skip
        _require_model("image", image, live.identity.image, settings.image_model, seen, live)


def _require_model(
    side: str, made: str, digest: str, asked: str, encoder: "TextEncoder | ImageEncoder",
    live: CatalogueIndex,
) -> None:  # fmt: skip
    """Two names may stand for one model: its card decides."""
    if encoder.card.digest != digest:
        variable = f"SHELFSIGHT_{side.upper()}_MODEL"
        raise IdentityMismatch(
            f"{variable} is {asked!r} ({encoder.card.dim} dimensions), but the index"
            f" {live.name!r} was made with {made!r} ({live.identity.dim} in its space).",
            f"Set {variable}={made}, or make another index with `shelfsight index create"
            " CATALOGUE`, point the alias to it with `shelfsight index swap`, and ingest again.",
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
    keep_gazetteer(fitted.gazetteer, keep_space(settings, fitted.space))
    schema = schema_for(settings, identity.dim, fitted.calibration)
    body = render(schema, identity, fitted.calibration)
    in_use = live_index(client, settings.alias) is not None
    if not in_use:  # workers may look as soon as the alias exists
        use_space(settings, identity.digest)
    name = create(client, settings.alias, identity, body)
    return read_index(client, settings.alias, name)


def schema_for(settings: Settings, dim: int, calibration: Calibration) -> Schema:
    """Return the columns of a new index: the blend is that of the default profile's weights."""
    from mappings.blend import Blend
    from query.profiles import load_profiles

    weights = load_profiles(settings.config)["default"].weights
    return Schema(dim, Blend.of(weights, calibration))


def finish_index(settings: Settings, catalogue: Catalogue) -> None:
    """Let searches see all that was written; measure BM25's scale where it is still assumed.

    Args:
        settings: Whose alias.
        catalogue: Where the pseudo-queries' titles come from, its first 200 products.

    Raises:
        NodeUnreachable: The node does not answer.
        InputError: The alias does not exist.
    """
    from query.calibrate import DEFAULT_SCALES

    make_visible(settings)
    if require_live(settings).calibration["lexical"] == DEFAULT_SCALES["lexical"]:
        calibrate_lexical(settings, catalogue)


def calibrate_lexical(settings: Settings, catalogue: Catalogue) -> Calibration:
    """Measure BM25's scale on the live index, write it there and return all scales.

    Args:
        settings: Whose alias.
        catalogue: Where the pseudo-queries' titles come from, its first 200 products.

    Raises:
        InputError: The alias does not exist.
    """
    from mappings.index import write_calibration
    from query.calibrate_words import estimate_lexical

    client = open_client(settings)
    live = require_live(settings)
    rows = (row.product for row in catalogue.rows())
    titles = {p.id: p.title for p in islice(rows, TITLES) if p is not None and not p.deleted}
    measured = estimate_lexical(client, live.name, titles, seed=settings.seed)
    fresh = Calibration({**live.calibration.scales, "lexical": measured})
    write_calibration(client, live.name, fresh)
    return fresh


def make_visible(settings: Settings) -> None:
    """Let searches see all that has been written to the alias, not only after its next refresh.

    Raises:
        NodeUnreachable: The node does not answer.
    """
    from mappings.connection import node_errors

    with node_errors(settings.alias):
        open_client(settings).indices.refresh(index=settings.alias)


def require_live(settings: Settings) -> CatalogueIndex:
    """Return the alias's live index.

    Raises:
        InputError: There is no such alias.
    """
    live = live_index(open_client(settings), settings.alias)
    if live is None:
        raise InputError(
            f"There is no alias {settings.alias!r}.",
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
    live = live_index(client, settings.alias)
    rows = client.cat.indices(index=f"{settings.alias}-*", format="json", s="creation.date")
    return [
        {
            "name": row["index"],
            "live": live is not None and row["index"] == live.name,
            "documents": int(row["docs.count"] or 0),
        }
        for row in rows
    ]


def differences(settings: Settings) -> tuple[Difference, ...]:
    """Return where the live index is not what the code would create for its space."""
    live = require_live(settings)
    body = render(live.schema, live.identity, live.calibration)
    return diff(open_client(settings), live.name, body)


def _calibration(settings: Settings) -> Calibration:
    from mappings.errors import StackError
    from query.calibrate import DEFAULT_SCALES

    try:
        live = live_index(open_client(settings), settings.alias)
    except StackError:
        live = None
    return live.calibration if live else Calibration(DEFAULT_SCALES)
