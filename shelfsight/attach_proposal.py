"""What attaching to a shop's index would do: found out without writing anything."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from attach.guess import guess_columns
from mappings.attach import MODES, Attachment, Inputs, Mode, parallel_alias
from mappings.attach_fields import ProductColumns, field_types
from mappings.attach_parallel import find_parallel
from mappings.attach_shop import (
    Hindrance,
    ShopIndex,
    in_place_hindrances,
    parallel_hindrances,
    read_shop,
)
from mappings.attached_columns import RESERVED, VECTORS
from mappings.connection import address_of, node_errors
from mappings.errors import InputError
from shelfsight.attach_inputs import changed_models, settle_inputs
from shelfsight.settings import Settings
from shelfsight.wiring import open_client


@dataclass(frozen=True, slots=True)
class Proposal:
    """What attaching would do; nothing has been written.

    Args:
        shop: The index.
        mode: ``parallel`` or ``in_place``.
        columns: Which of its fields stands for which of ours.
        documents: How many it holds.
        hindrances: Why it cannot be done this way; empty when it can.
        attached: What is attached to this very index already, in this way.
        known: What an attachment of this name was given before, to this index or to one that
            it has replaced.
        anew: Why everything is embedded anew although something is attached; empty when it is not.
    """

    shop: ShopIndex
    mode: Mode
    columns: ProductColumns
    documents: int
    hindrances: tuple[Hindrance, ...]
    attached: Attachment | None
    known: Inputs
    anew: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[str, ...]:
        """What would be written, in sentences."""
        shop, target = self.shop.name, parallel_alias(self.shop.asked)
        each = f"about {self.documents:,} documents"
        common: tuple[str, ...] = (
            "store the script shelfsight-formula-… and the search template shelfsight-…",
            f"keep models, vectors and marks on this machine; {shop!r} is read write by write",
        )
        common += tuple(f"embed everything anew: {reason}" for reason in self.anew)
        if self.mode == "parallel":
            return (
                f"create an index {target}-…-0001: a copy of the mapping and analysis of {shop!r}"
                f" with the object {RESERVED!r} beside its fields",
                f"copy {each} into it, each with its vectors; {shop!r} is only read",
                f"point the alias {target!r} to it when it is filled",
                *common,
            )
        return (
            f"add the object {RESERVED!r} ({', '.join(v.partition('.')[2] for v in VECTORS)},"
            f" coherence, content) to the mapping of {shop!r}, and a note to its _meta",
            f"update {each} of {shop!r} partially, each only if it is still what was read",
            f"the shop's own answers grow by our vectors unless it leaves out {RESERVED!r}"
            " from _source",
            *common,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the proposal for programs."""
        return {
            "index": self.shop.name,
            "mode": self.mode,
            "documents": self.documents,
            "possible": not self.hindrances,
            "hindrances": [{"problem": h.problem, "cure": h.cure} for h in self.hindrances],
            "columns": self.columns.to_meta(),
            "changes": list(self.changes),
            "attached": self.attached.index if self.attached else None,
            "inputs": asdict(self.known),
        }


def propose(settings: Settings, index: str, mode: str, columns: Path | None) -> Proposal:
    """Return what attaching to a shop's index would do; nothing is written.

    Args:
        settings: Where the node is.
        index: The shop's index, or an alias of one.
        mode: ``parallel`` or ``in_place``; empty: as it is attached, else ``parallel``.
        columns: A file that says which field is which; without one as before, else guessed.

    Raises:
        InputError: There is no such index or mode, or no field looks like a product's name.
        NodeUnreachable: The node does not answer.
    """
    if mode and mode not in MODES:
        raise InputError(f"There is no mode {mode!r}.", f"Choose one of {', '.join(MODES)}.")
    client = open_client(settings)
    shop = read_shop(client, index)
    before = find_known(client, shop)
    way: Mode = mode or (before.mode if before else "parallel")
    found = find_attached(client, shop, way)
    checks = {"parallel": parallel_hindrances, "in_place": in_place_hindrances}
    hindrances = [*checks[way](shop), *_attached_otherwise(client, shop, way)]
    with node_errors(address_of(client)):
        documents = int(client.count(index=shop.name)["count"])
    chosen = before.columns if before else None
    if chosen and not columns and (lacking := _lacking(shop, chosen)):
        hindrances.append(_columns_gone(shop, lacking))
        chosen = None
    embedded = _columns(shop, columns, chosen)
    return Proposal(
        shop, way, embedded, documents, tuple(hindrances), found,
        before.inputs if before else Inputs(), _anew(settings, found, embedded),
    )  # fmt: skip


def _anew(settings: Settings, found: Attachment | None, columns: ProductColumns) -> tuple[str, ...]:
    if found is None:
        return ()
    fields = () if found.columns == columns else ("other fields are embedded than before",)
    return fields + changed_models(found.inputs, settle_inputs(settings, found.inputs)[1])


def find_known(client: Any, shop: ShopIndex) -> Attachment | None:  # noqa: ANN401
    """Return what is attached to the index, or was to the one that it has replaced.

    Raises:
        NodeUnreachable: The node does not answer.
    """
    for mode in MODES:
        if found := find_attached(client, shop, mode):
            return found
    held = find_parallel(client, shop.asked)
    if held:
        return held[-1]
    return _in_place(shop)  # a mapping that was copied into a new index


def _in_place(shop: ShopIndex) -> Attachment | None:
    found = shop.mapping.get("_meta", {}).get(RESERVED, {})
    if found.get("mode") != "in_place":
        return None
    return Attachment.from_meta(shop.name, shop.mapping)


def _attached_otherwise(client: Any, shop: ShopIndex, way: Mode) -> list[Hindrance]:  # noqa: ANN401
    """Return what is attached to the index in the other mode, or under another of its names."""
    if find_attached(client, shop, way):
        return []
    detach = "take that away first: `shelfsight attach detach --index {} --yes`."
    for mode in MODES:
        if mode != way and find_attached(client, shop, mode):
            return [
                Hindrance(
                    f"Shelfsight is attached to {shop.name!r} already, in mode {mode}.",
                    f"Go on with --mode {mode}, or {detach.format(shop.asked)}",
                )
            ]
    for name in {shop.name, *shop.aliases} - {shop.asked}:
        if any(a.source_uuid == shop.uuid for a in find_parallel(client, name)):
            return [
                Hindrance(
                    f"Shelfsight is attached to {shop.name!r} already, under the name {name!r}.",
                    f"Go on with --index {name}, or {detach.format(name)}",
                )
            ]
    return []


def _lacking(shop: ShopIndex, columns: ProductColumns) -> list[str]:
    types = field_types(shop.mapping)
    return [p for paths in columns.to_meta().values() for p in paths if p not in types]


def _columns_gone(shop: ShopIndex, lacking: list[str]) -> Hindrance:
    return Hindrance(
        f"The fields embedded so far are not all in {shop.name!r}: it lacks {', '.join(lacking)}.",
        "Save the columns that `shelfsight attach` shows, correct them, and give the file with"
        " --columns.",
    )


def find_attached(client: Any, shop: ShopIndex, mode: str) -> Attachment | None:  # noqa: ANN401
    """Return what is attached to this very index in this way, finished or not."""
    if mode == "parallel":
        held = find_parallel(client, shop.asked)
        same = [a for a in held if a.source_uuid == shop.uuid]
        return same[-1] if same else None
    found = _in_place(shop)
    return found if found is not None and found.source_uuid == shop.uuid else None


def _columns(shop: ShopIndex, file: Path | None, known: ProductColumns | None) -> ProductColumns:
    if file is None:
        return known or guess_columns(shop.mapping)
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"The columns in {str(file)!r} cannot be read: {error.strerror}.", "Give a TOML file."
        ) from None
    return ProductColumns.from_toml(text, list(field_types(shop.mapping)))
