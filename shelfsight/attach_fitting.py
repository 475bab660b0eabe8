"""The models of an attachment: fitted on a sample of the shop's own products, kept by identity."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attach.products import product_of
from attach.reading import Endurance, ShopReader
from mappings.attach import Attachment, Inputs, parallel_alias
from mappings.attach_fields import ProductColumns
from mappings.attach_in_place import add_columns
from mappings.attach_parallel import create_parallel, find_parallel, parallel_name
from mappings.attach_shop import ShopIndex, read_shop
from mappings.calibration import Calibration
from mappings.errors import InputError
from mappings.product import Product
from shelfsight.attach_proposal import Proposal
from shelfsight.progress import Steps
from shelfsight.settings import Settings, cores, home
from shelfsight.wiring import model_cache

if TYPE_CHECKING:
    from encoders.space import Space

SAMPLE = 2_000


def marks_folder(settings: Settings) -> Path:
    """Return where backfills remember how far they came."""
    return home(settings) / "attached"


def start_attachment(
    settings: Settings,
    client: Any,  # noqa: ANN401 - opensearchpy.OpenSearch
    proposal: Proposal,
    inputs: Inputs,
    steps: Steps,
) -> "tuple[Attachment, Space]":
    """Fit the space on a sample of the shop's products and add what is to be filled.

    Args:
        settings: Models, node and folders.
        client: The connection.
        proposal: What was proposed.
        inputs: The folder of the shop's pictures, its own bodies, and what else was given.
        steps: Shows the progress.

    Raises:
        InputError: No product can be read, none of the pictures in the folder that was given, or
            the node refuses the index.
        NodeUnreachable: The node does not answer.
    """
    from query.augmenting.scale import measure_scale, pseudo_bodies
    from shelfsight.indices import fit_catalogue
    from shelfsight.spaces import keep_space

    shop = proposal.shop
    sample = list(islice(_products(client, shop, proposal.columns), SAMPLE))
    catalogue = _written(settings, shop, [p for _, p in sample], inputs.pictures)
    fitted = fit_catalogue(settings, catalogue, steps)
    if inputs.pictures and fitted.space.image is None and any(p.pictures for _, p in sample):
        raise InputError(
            f"None of the pictures that the first {len(sample):,} products name can be read below"
            f" {inputs.pictures!r}; nothing was begun.",
            "Bring the folder back, or name the right one with --pictures FOLDER.",
        )
    keep_space(settings, fitted.space, fitted.calibration)
    asked = read_bodies(Path(inputs.bodies)) if inputs.bodies else pseudo_bodies(
        {i: p.title for i, p in sample}, proposal.columns.title, seed=settings.seed
    )  # fmt: skip
    scale = measure_scale(client, shop.name, asked)
    calibration = Calibration({**fitted.calibration.scales, "lexical": scale})
    identity = fitted.space.identity
    made = Attachment(
        proposal.mode, shop.name, shop.asked, shop.name, shop.uuid, identity, calibration,
        proposal.columns, inputs=inputs,
    )  # fmt: skip
    if proposal.mode == "in_place":
        return add_columns(client, read_shop(client, shop.name), made), fitted.space
    last = max((int(a.index[-4:]) for a in find_parallel(client, shop.asked)), default=0)
    name = parallel_name(shop, identity.digest, last + 1)
    made = replace(made, index=name, target=parallel_alias(shop.asked))
    create_parallel(client, shop, made)
    return made, fitted.space


def _products(
    client: Any,  # noqa: ANN401 - opensearchpy.OpenSearch
    shop: ShopIndex,
    columns: ProductColumns,
) -> Iterator[tuple[str, Product]]:
    """Yield the shop's products, each with its document's id."""
    reader = ShopReader(client, shop.name, shop.shards, True, Endurance())
    for shard, mark in reader.marks().items():
        for page in reader.pages(shard, -1, mark):
            for document in page:
                product = product_of(document.source, columns)
                if isinstance(product, Product):
                    own = {"id": f"{shard}-{document.seq_no}"}  # the shop's need not suit us
                    yield document.id, product.model_copy(update=own)


def _written(settings: Settings, shop: ShopIndex, sample: list[Product], pictures: str) -> Any:  # noqa: ANN401 - ingest.catalogue.Catalogue
    """Write the sample as a catalogue, which is what spaces are fitted on."""
    from ingest.catalogue import Catalogue
    from ingest.readers.columns import ColumnMap

    path = marks_folder(settings) / f"{shop.name}-sample.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(p.model_dump(mode="json", exclude_defaults=True)) for p in sample)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    root = Path(pictures) if pictures else path.parent.resolve()
    return Catalogue(path, root, "jsonl", ColumnMap())


def read_bodies(file: Path) -> list[dict[str, Any]]:
    """Return the shop's bodies in a file, one a line.

    Raises:
        InputError: It cannot be read, or holds none.
    """
    try:
        found = [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise InputError(
            f"The bodies in {str(file)!r} cannot be read: {error}.",
            "Write one body a line, as JSON, as the shop sends them to _search.",
        ) from None
    if not found:
        raise InputError(f"{str(file)!r} holds no body.", "Write one body a line, as JSON.")
    return found


def open_attached_space(settings: Settings, digest: str) -> "Space":
    """Return the models that an attachment was made with.

    Raises:
        InputError: They are not kept on this machine.
    """
    from encoders.space import load_space

    folder = home(settings) / "spaces" / f"by-identity-{digest}"
    return load_space(
        folder, threads=cores(), runtime=settings.image_runtime, cache=model_cache(settings)
    )
