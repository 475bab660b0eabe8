"""An attachment: what Shelfsight added to a shop's search, as an index's ``_meta`` says."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal

from mappings.attach_fields import ProductColumns
from mappings.attached_columns import RESERVED, AttachedColumns
from mappings.body import meta
from mappings.calibration import Calibration
from mappings.connection import address_of, node_errors
from mappings.errors import InputError
from mappings.identity import ModelIdentity

Mode = Literal["parallel", "in_place"]
MODES: tuple[Mode, ...] = ("parallel", "in_place")
VERSION = 1


@dataclass(frozen=True, slots=True)
class Inputs:
    """What was given when Shelfsight was attached and holds until something else is given.

    Args:
        pictures: The folder that the shop's picture paths start from, absolute; empty for none.
        config: File or folder of the profiles whose weights the search template has, absolute;
            empty for the built-in ones.
        text_model: Name of the text model.
        image_model: Name of the picture model.
        bodies: The shop's own bodies that its scores' scale was measured with, absolute path;
            empty where bodies were made from its titles.
    """

    pictures: str = ""
    config: str = ""
    text_model: str = ""
    image_model: str = ""
    bodies: str = ""

    @classmethod
    def from_meta(cls, meta: Mapping[str, Any]) -> "Inputs":
        """Return what an index's ``_meta`` tells; what an older one lacks is empty."""
        return cls(**{f.name: str(meta.get(f.name, "")) for f in fields(cls)})


@dataclass(frozen=True, slots=True)
class Attachment:
    """Where augmented bodies are to be sent, and what the vectors there mean.

    Args:
        mode: ``parallel`` for an index of our own beside the shop's, ``in_place`` for columns
            added to the shop's own.
        index: The concrete index with the vectors.
        target: The name that augmented bodies are sent to: an alias, or the shop's own name.
        source: The shop's concrete index.
        source_uuid: Its unique id; a shop that builds its index anew has another one.
        identity: The models that made the vectors.
        calibration: The signals' scales; ``lexical`` is the scale of the shop's own scores.
        columns: Which of the shop's fields stands for which of ours.
        mapping: The index's mapping, as the node shows it.
        inputs: What else was given when it was attached.
    """

    mode: Mode
    index: str
    target: str
    source: str
    source_uuid: str
    identity: ModelIdentity
    calibration: Calibration
    columns: ProductColumns
    mapping: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    inputs: Inputs = Inputs()

    @property
    def reserved(self) -> AttachedColumns:
        """The columns that we added."""
        return AttachedColumns(self.identity.dim)

    def to_meta(self) -> dict[str, Any]:
        """Return what is kept under ``shelfsight`` in the index's ``_meta``."""
        own = {
            "attached": VERSION,
            "mode": self.mode,
            "target": self.target,
            "source": self.source,
            "source_uuid": self.source_uuid,
            "columns": self.columns.to_meta(),
            "inputs": asdict(self.inputs),
        }
        return meta(self.identity, self.calibration) | own

    @classmethod
    def from_meta(cls, index: str, mapping: Mapping[str, Any]) -> "Attachment":
        """Return the attachment that an index's mapping tells of.

        Raises:
            InputError: Shelfsight is not attached to this index, or by a newer version.
        """
        found = mapping.get("_meta", {}).get(RESERVED, {})
        if found.get("attached") != VERSION:
            raise InputError(
                f"Shelfsight is not attached to the index {index!r}.",
                f"Attach it: `shelfsight attach --index {index}` shows what that would do.",
            )
        return cls(
            found["mode"], index, found["target"], found["source"], found["source_uuid"],
            ModelIdentity.from_meta(found), Calibration.from_meta(found["calibration"]),
            ProductColumns.from_meta(found["columns"]), mapping,
            Inputs.from_meta(found.get("inputs", {})),
        )  # fmt: skip


def read_attachment(client: Any, name: str) -> Attachment:  # noqa: ANN401 - OpenSearch
    """Return the attachment of a shop's index, by its name, its alias, or our parallel alias.

    Raises:
        InputError: There is no such index, or Shelfsight is not attached to it.
        NodeUnreachable: The node does not answer.
    """
    parallel = parallel_alias(name)
    with node_errors(address_of(client)):
        found = client.indices.get_mapping(index=parallel, ignore=404)
        if "error" in found or not found:
            found = client.indices.get_mapping(index=name, ignore=404)
    if "error" in found or not found:
        raise InputError(f"There is no index {name!r}.", "List them: `shelfsight index list`.")
    attached = [
        Attachment.from_meta(index, entry["mappings"])
        for index, entry in found.items()
        if RESERVED in entry["mappings"].get("_meta", {})
    ]
    if len(attached) != 1:
        raise InputError(
            f"Shelfsight is attached to {len(attached) or 'no'} index behind {name!r}"
            f" ({', '.join(sorted(found))}).",
            f"Attach it: `shelfsight attach --index {name}` shows what that would do.",
        )
    return attached[0]


def parallel_alias(name: str) -> str:
    """Return the alias of the parallel index that stands beside a shop's."""
    return name if name.endswith(f"-{RESERVED}") else f"{name}-{RESERVED}"


def write_attachment(client: Any, attachment: Attachment) -> Attachment:  # noqa: ANN401
    """Write the attachment into its index's ``_meta``; everything else there stays.

    Raises:
        NodeUnreachable: The node does not answer.
    """
    with node_errors(address_of(client)):
        live = client.indices.get_mapping(index=attachment.index)[attachment.index]["mappings"]
        merged = live.get("_meta", {}) | {RESERVED: attachment.to_meta()}
        client.indices.put_mapping(index=attachment.index, body={"_meta": merged})
    return replace(attachment, mapping=live | {"_meta": merged})
