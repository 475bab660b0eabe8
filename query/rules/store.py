"""Where rule books are kept: one small document an alias, every version beside it."""

import time
from typing import Any

from mappings.connection import node_errors
from mappings.errors import InputError
from mappings.index import ensure
from query.rules.book import NO_RULES, RuleBook
from query.rules.reading import read_book

# No hyphen: nobody's generations (ALIAS-DIGEST-NUMBER) are listed with it.
INDEX = "shelfsight_rules"
_BODY = {
    "settings": {"number_of_shards": 1, "auto_expand_replicas": "0-1"},
    "mappings": {
        "dynamic": "strict",
        "properties": {
            "alias": {"type": "keyword"},
            "version": {"type": "long"},
            "saved": {"type": "date", "format": "epoch_second"},
            "book": {"type": "object", "enabled": False},
        },
    },
}


class RuleStore:
    """Reads and writes the rule book of an alias.

    Args:
        client: An ``opensearchpy.OpenSearch``.
        alias: Whose rules.
        index: Where the documents lie.
    """

    def __init__(self, client: Any, alias: str, index: str = INDEX) -> None:  # noqa: ANN401
        self.client, self.alias, self.index = client, alias, index

    def version(self, seconds: float = 5.0) -> int:
        """Return the version of the book, 0 where there is none yet.

        Raises:
            NodeUnreachable: The node does not answer.
        """
        found = self._get(self.alias, seconds, only="version")
        return int(found["version"]) if found else 0

    def load(self, version: int | None = None, seconds: float = 5.0) -> RuleBook:
        """Return the book, or an earlier version of it; without any, one without rules.

        Raises:
            InputError: There is no such version.
            NodeUnreachable: The node does not answer.
        """
        found = self._get(self.alias if version is None else f"{self.alias}@{version}", seconds)
        if found is None and version is not None:
            raise InputError(
                f"There is no version {version} of the rules of {self.alias!r}.",
                f"Versions are 1 to {self.version()}.",
            )
        return read_book({**found["book"], "version": found["version"]}) if found else NO_RULES

    def save(self, book: RuleBook) -> RuleBook:
        """Keep a book as the next version and return it with its number.

        Raises:
            InputError: Somebody else saved another at the same time.
            NodeUnreachable: The node does not answer.
        """
        from opensearchpy.exceptions import ConflictError

        ensure(self.client, self.index, _BODY)
        version = self.version() + 1
        kept = RuleBook(version, book.synonyms, book.rules)
        document = {
            "alias": self.alias, "version": version, "saved": int(time.time()),
            "book": kept.to_json(),
        }  # fmt: skip
        with node_errors("the node"):
            try:
                # Two who save at once cannot both create the same version.
                self.client.index(
                    index=self.index, id=f"{self.alias}@{version}", body=document,
                    params={"op_type": "create"},
                )  # fmt: skip
                self.client.index(
                    index=self.index, id=self.alias, body=document,
                    params={"version": version, "version_type": "external_gte"},
                )  # fmt: skip
            except ConflictError:
                raise InputError(
                    f"Somebody else saved version {version} of the rules of {self.alias!r}.",
                    "Export them again, and import your change over them.",
                ) from None
        return kept

    def _get(self, key: str, seconds: float, only: str = "") -> dict[str, Any] | None:
        params: dict[str, Any] = {"request_timeout": seconds}
        if only:
            params["_source_includes"] = only
        with node_errors("the node"):
            found = self.client.get(index=self.index, id=key, params=params, ignore=404)
        return dict(found["_source"]) if found.get("found") else None
