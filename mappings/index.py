"""Indices behind an alias: create, compare, swap. Programs only ever name the alias."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mappings.blend import Blend
from mappings.calibration import Calibration
from mappings.connection import address_of, node_errors
from mappings.errors import IdentityMismatch, InputError
from mappings.identity import ModelIdentity, index_name
from mappings.schema import SCHEMA_VERSION, Schema


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where the live index is not what the code would create."""

    path: str
    live: Any
    wanted: Any


@dataclass(frozen=True, slots=True)
class CatalogueIndex:
    """The live index behind an alias and what its ``_meta`` says."""

    alias: str
    name: str
    identity: ModelIdentity
    calibration: Calibration
    mapping: Mapping[str, Any]
    blend: Blend | None = None

    @property
    def schema(self) -> Schema:
        """The columns of this index: its dimension, and its blend where it has one."""
        return Schema(self.identity.dim, self.blend)


def live_index(client: Any, alias: str) -> CatalogueIndex | None:  # noqa: ANN401
    """Return the index that the alias points to, or ``None`` when there is no such alias.

    Raises:
        NodeUnreachable: The node does not answer.
        InputError: The alias is a plain index or points to several, or the index has no model
            identity.
    """
    names = alias_targets(client, alias)
    if not names:
        return None
    if len(names) > 1:
        raise InputError(
            f"Alias {alias!r} points to several indices: {', '.join(names)}.",
            "Point it to one: `shelfsight index swap --to NAME`.",
        )
    return read_index(client, alias, names[0])


def read_index(client: Any, alias: str, name: str) -> CatalogueIndex:  # noqa: ANN401
    """Return a concrete index and what its ``_meta`` says.

    Raises:
        InputError: There is no such index, or it has no model identity.
        IdentityMismatch: Another version of Shelfsight made it, with other columns.
    """
    with node_errors(address_of(client)):
        found = client.indices.get_mapping(index=name, ignore=404)
    if name not in found:
        raise _no_index(name)
    mapping = found[name]["mappings"]
    ours = mapping.get("_meta", {}).get("shelfsight", {})
    if "identity" in ours and ours.get("schema_version") != SCHEMA_VERSION:
        raise IdentityMismatch(
            f"Index {name!r} was made by another version of Shelfsight (schema"
            f" {ours.get('schema_version')}; this one reads {SCHEMA_VERSION}).",
            "Make another index: `shelfsight index create CATALOGUE`, then `shelfsight index swap"
            " --yes` and `shelfsight ingest CATALOGUE`, which fills it.",
        )
    return CatalogueIndex(
        alias,
        name,
        ModelIdentity.from_meta(ours),
        Calibration.from_meta(ours.get("calibration", {})),
        mapping,
        Blend.from_meta(ours.get("blend", {})),
    )


def alias_targets(client: Any, alias: str) -> tuple[str, ...]:  # noqa: ANN401
    """Return the names of the indices behind an alias, sorted; empty when it does not exist.

    Raises:
        InputError: The name belongs to a plain index, or is a pattern or a list.
    """
    if odd := sorted(set(alias) & set('*?,<> \\"|/#:')):
        raise InputError(
            f"The alias {alias!r} holds {odd[0]!r}.",
            "Choose lower-case letters, digits, '-', '_' and '.' (SHELFSIGHT_ALIAS).",
        )
    with node_errors(address_of(client)):
        found = client.indices.get_alias(name=alias, ignore=404)
        if "error" not in found:
            return tuple(sorted(found))
        if client.indices.exists(index=alias):
            raise InputError(
                f"{alias!r} is an index, not an alias.",
                "Choose another alias (SHELFSIGHT_ALIAS): indices are only used through one.",
            )
    return ()


def next_alias(alias: str) -> str:
    """Return the alias of the index that is to take the place of the live one."""
    return f"{alias}.next"


def create(client: Any, alias: str, identity: ModelIdentity, body: Mapping[str, Any]) -> str:  # noqa: ANN401
    """Create the next generation's index and return its name; a free alias is pointed to it.

    An alias that is in use stays where it is, and ``next_alias`` is pointed to the new index:
    fill it, then ``swap``.

    Raises:
        NodeUnreachable: The node does not answer.
        InputError: The node refuses the body.
    """
    in_use = alias_targets(client, alias)
    name = index_name(alias, identity, _next_generation(client, alias, identity))
    name_of = next_alias(alias) if in_use else alias
    wanted = {**body, "aliases": {name_of: {"is_write_index": True}}}
    if in_use:
        _remove_alias(client, next_alias(alias))
    from opensearchpy.exceptions import RequestError

    with node_errors(address_of(client)):
        try:
            client.indices.create(index=name, body=wanted)
        except RequestError as error:
            raise InputError(
                f"The node refuses the index body: {error.error}: {_reason(error)}",
                "Check the plugins and the alias with `shelfsight doctor`.",
            ) from None
    return name


def ensure(client: Any, index: str, body: Mapping[str, Any]) -> None:  # noqa: ANN401
    """Create an index of a fixed name where there is none; two who do so at once are both right.

    Raises:
        NodeUnreachable: The node does not answer.
    """
    from opensearchpy.exceptions import RequestError

    with node_errors(address_of(client)):
        if client.indices.exists(index=index):
            return
        try:
            client.indices.create(index=index, body=body)
        except RequestError as error:
            if error.error != "resource_already_exists_exception":
                raise


def swap(client: Any, alias: str, to: str) -> tuple[str, ...]:  # noqa: ANN401
    """Point the alias to another index in one step and return where it pointed before.

    Raises:
        InputError: There is no index ``to``.
    """
    read_index(client, alias, to)
    before = alias_targets(client, alias)
    actions: list[dict[str, Any]] = [
        {"remove": {"index": name, "alias": alias}} for name in before if name != to
    ]
    actions.append({"add": {"index": to, "alias": alias, "is_write_index": True}})
    if alias_targets(client, next_alias(alias)) == (to,):
        actions.append({"remove": {"index": to, "alias": next_alias(alias)}})
    with node_errors(address_of(client)):
        client.indices.update_aliases(body={"actions": actions})
    return before


def _remove_alias(client: Any, alias: str) -> None:  # noqa: ANN401
    actions = [{"remove": {"index": name, "alias": alias}} for name in alias_targets(client, alias)]
    if actions:
        with node_errors(address_of(client)):
            client.indices.update_aliases(body={"actions": actions})


def write_calibration(client: Any, name: str, calibration: Calibration) -> None:  # noqa: ANN401
    """Put another calibration into a live index's ``_meta``; everything else in it stays.

    Raises:
        InputError: There is no such index, or it has no model identity.
    """
    meta = read_index(client, name, name).mapping["_meta"]
    ours = meta["shelfsight"] | {"calibration": calibration.to_meta()}
    with node_errors(address_of(client)):
        client.indices.put_mapping(index=name, body={"_meta": meta | {"shelfsight": ours}})


def diff(client: Any, name: str, body: Mapping[str, Any]) -> tuple[Difference, ...]:  # noqa: ANN401
    """Return every place where a live index's mapping and analysis are not the body's.

    The calibration is measured, not declared, so it is left out.

    Raises:
        InputError: There is no such index.
    """
    with node_errors(address_of(client)):
        answer = client.indices.get(index=name, ignore=404)
    if name not in answer:
        raise _no_index(name)
    live = answer[name]
    found: list[Difference] = []
    # Without index.knn a vector column is accepted and every search over it fails.
    wanted_knn = body["settings"]["index"].get("knn")
    _compare("settings.knn", live["settings"]["index"].get("knn"), wanted_knn, found)
    _compare("mappings", _declared(live["mappings"]), _declared(body["mappings"]), found)
    live_analysis = live["settings"]["index"].get("analysis", {})
    _compare("analysis", live_analysis, body["settings"]["analysis"], found)
    return tuple(found)


def _declared(mapping: Mapping[str, Any]) -> dict[str, Any]:
    ours = mapping.get("_meta", {}).get("shelfsight", {})
    return {**mapping, "_meta": {k: v for k, v in ours.items() if k != "calibration"}}


def _compare(path: str, live: Any, wanted: Any, found: list[Difference]) -> None:  # noqa: ANN401
    """Collect the leaves that differ; the node answers numbers and flags as text."""
    if isinstance(live, Mapping) and isinstance(wanted, Mapping):
        for key in sorted({*live, *wanted}):
            _compare(f"{path}.{key}", live.get(key), wanted.get(key), found)
    elif _plain(live) != _plain(wanted):
        found.append(Difference(path, live, wanted))


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


def _next_generation(client: Any, alias: str, identity: ModelIdentity) -> int:  # noqa: ANN401
    pattern = index_name(alias, identity, 0)[:-4] + "*"
    with node_errors(address_of(client)):
        names = client.indices.get(index=pattern, ignore=404, expand_wildcards="all")
    return 1 + max((int(n[-4:]) for n in names if n[-4:].isdigit()), default=0)


def _no_index(name: str) -> InputError:
    return InputError(f"There is no index {name!r}.", "List them: `shelfsight index list`.")


def _reason(error: Any) -> str:  # noqa: ANN401
    info = error.info if isinstance(error.info, dict) else {}
    return str(info.get("error", {}).get("reason", error.info))
