"""What attaching to a shop's index would do: found out without writing anything."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.attach.guess import guess_columns
from mappings.attach import MODES, Attachment, Mode, parallel_alias
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
from mappings.connection import node_errors
from mappings.errors import InputError
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
        attached: What is attached already, in this way.
    """

    shop: ShopIndex
    mode: Mode
    columns: ProductColumns
    documents: int
    hindrances: tuple[Hindrance, ...]
    attached: Attachment | None

    @property
    def changes(self) -> tuple[str, ...]:
        """What would be written, in sentences."""
        shop, target = self.shop.name, parallel_alias(self.shop.asked)
        each = f"about {self.documents:,} documents"
        common = (
            "store the script shelfsight-formula-… and the search template shelfsight-…",
            f"keep models, vectors and marks on this machine; {shop!r} is read write by write",
        )
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
        }


def propose(settings: Settings, index: str, mode: str, columns: Path | None) -> Proposal:
    """Return what attaching to a shop's index would do; nothing is written.

    Args:
        settings: Where the node is.
        index: The shop's index, or an alias of one.
        mode: ``parallel`` or ``in_place``.
        columns: A file that says which field is which; guessed without one.

    Raises:
        InputError: There is no such index or mode, or no field looks like a product's name.
        NodeUnreachable: The node does not answer.
    """
    if mode not in MODES:
        raise InputError(f"There is no mode {mode!r}.", f"Choose one of {', '.join(MODES)}.")
    client = open_client(settings)
    shop = read_shop(client, index)
    found = find_attached(client, shop, mode)
    hindrances = {"parallel": parallel_hindrances, "in_place": in_place_hindrances}[mode](shop)
    with node_errors("the node"):
        documents = int(client.count(index=shop.name)["count"])
    known = found.columns if found else None
    return Proposal(
        shop, "parallel" if mode == "parallel" else "in_place",
        _columns(shop, columns, known), documents, hindrances, found,
    )  # fmt: skip


def find_attached(client: Any, shop: ShopIndex, mode: str) -> Attachment | None:  # noqa: ANN401
    """Return what is attached to this very index in this way, finished or not."""
    if mode == "parallel":
        held = find_parallel(client, shop.asked)
        same = [a for a in held if a.source_uuid == shop.uuid]
        return same[-1] if same else None
    found = shop.mapping.get("_meta", {}).get(RESERVED, {})
    if found.get("source_uuid") != shop.uuid:
        return None
    return Attachment.from_meta(shop.name, shop.mapping)


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
