"""Which of a shop's own fields stands for which of ours; kept in ``_meta``, edited as TOML."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from mappings.errors import InputError

# Some shops write a text once for every language, as ``name.en`` beside ``name.zh``.
MOST_PATHS = 40


@dataclass(frozen=True, slots=True)
class ProductColumns:
    """Paths into the shop's documents, in dots, for each thing that is embedded.

    Several paths of a text are joined; several of ``attributes`` or ``pictures`` add up. A path
    may lead through lists. The document's own ``_id`` is the product's id.

    Args:
        title: Names; at least one path.
        description: Longer texts.
        brand: The brand.
        categories: Category names.
        attributes: Fields whose values describe the product: plain ones count under their own
            name, lists of ``{name, value}`` and mappings under theirs.
        pictures: Fields that hold pictures' paths or addresses.
    """

    title: tuple[str, ...] = ()
    description: tuple[str, ...] = ()
    brand: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()

    def to_meta(self) -> dict[str, list[str]]:
        """Return what is kept in ``_meta``."""
        return {name: list(paths) for name, paths in asdict(self).items()}

    @classmethod
    def from_meta(cls, meta: Mapping[str, Any]) -> "ProductColumns":
        """Return the columns that ``to_meta`` wrote."""
        return cls(**{f.name: tuple(meta.get(f.name, ())) for f in fields(cls)})

    def to_toml(self) -> str:
        """Return the file that ``--columns`` reads, for a person to edit."""
        lines = [
            f"{name} = [{', '.join(_quoted(p) for p in paths)}]"
            for name, paths in self.to_meta().items()
        ]
        return "\n".join(["[columns]", *lines, ""])

    @classmethod
    def from_toml(cls, text: str, known: Sequence[str]) -> "ProductColumns":
        """Return the columns of a file's ``[columns]`` table.

        Args:
            text: The file.
            known: The paths that the shop's mapping has; objects among them too.

        Raises:
            InputError: It is no TOML, names a column that is not ours or a path that the shop's
                mapping lacks, or has no title.
        """
        names = [f.name for f in fields(cls)]
        cure = f"Write [columns] with {', '.join(names)}, each a list of the shop's fields."
        try:
            table = tomllib.loads(text)["columns"]
            given = {str(k): [v] if isinstance(v, str) else list(v) for k, v in table.items()}
        except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"The columns cannot be read: {error}.", cure) from None
        for name, paths in given.items():
            if name not in names:
                raise InputError(f"There is no column {name!r}.", cure)
            for path in paths:
                if path not in known:
                    raise InputError(
                        f"Column {name!r}: the shop's mapping has no field {path!r}.",
                        f"It has {', '.join(list(known)[:MOST_PATHS])}.",
                    )
        return cls(**{k: tuple(v) for k, v in given.items()}).require_title(known)

    def require_title(self, known: Sequence[str]) -> "ProductColumns":
        """Return these columns.

        Raises:
            InputError: None of the shop's fields stands for the title.
        """
        if self.title:
            return self
        raise InputError(
            "None of the shop's fields looks like a product's name, and nothing can be embedded"
            f" without one. Its fields are {', '.join(list(known)[:MOST_PATHS])}.",
            'Name it in a file: `[columns]` and `title = ["THEIR_FIELD"]`, then --columns FILE.',
        )


def field_types(mapping: Mapping[str, Any]) -> dict[str, str]:
    """Return the type of every field of a mapping by its path; multi-fields and objects too.

    Args:
        mapping: As the node shows it: with ``properties``.
    """
    return dict(_types(mapping.get("properties", {}), ""))


def _types(properties: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, declared in properties.items():
        path = f"{prefix}{name}"
        yield path, str(declared.get("type", "object"))
        yield from _types(declared.get("properties", {}), f"{path}.")
        yield from _types(declared.get("fields", {}), f"{path}.")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
