"""The index that documents are for: its models, and a name no recreated index shares."""

from dataclasses import dataclass
from typing import Any

from mappings.connection import node_errors
from mappings.errors import StackError
from mappings.identity import ModelIdentity
from mappings.index import live_index
from mappings.schema import Schema


@dataclass(frozen=True, slots=True)
class Target:
    """The live index behind an alias.

    Args:
        alias: The name that is written to.
        index: The concrete index.
        uuid: Its unique id; an index that is deleted and made again has another one.
        identity: The models that its vectors are made by.
        schema: Its columns.
    """

    alias: str
    index: str
    uuid: str
    identity: ModelIdentity
    schema: Schema

    @property
    def key(self) -> str:
        """The name under which the ledger remembers which index holds what is settled."""
        return f"{self.index}/{self.uuid}"


def read_target(client: Any, alias: str) -> Target:  # noqa: ANN401
    """Return what an alias points to now.

    Raises:
        NodeUnreachable: The node does not answer.
        StackError: There is no such alias.
    """
    live = live_index(client, alias)
    if live is None:
        raise StackError(
            f"There is no alias {alias!r} to write to.",
            "Create it with `shelfsight index create CATALOGUE`; where it was lost, `shelfsight"
            " reconcile` makes it again.",
        )
    with node_errors(alias):
        settings = client.indices.get_settings(index=live.name, name="index.uuid")
    uuid = settings[live.name]["settings"]["index"]["uuid"]
    return Target(alias, live.name, uuid, live.identity, live.schema)
