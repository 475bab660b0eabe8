"""Parses a model's name: a family, and an argument after the colon."""

from urllib.parse import parse_qsl

from mappings.errors import UnknownModel

HASH_DIM = 64


def split_name(name: str) -> tuple[str, str]:
    """Return family and argument: ``hash:32`` is ``("hash", "32")``."""
    family, _, argument = name.partition(":")
    return family, argument


def split_options(argument: str, allowed: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """Return the path and the options of ``path?key=value&key=value``.

    Args:
        argument: What follows the colon of a model's name.
        allowed: The option names that the family knows.

    Raises:
        UnknownModel: An option is not known.
    """
    path, _, query = argument.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    if odd := [key for key in options if key not in allowed]:
        raise UnknownModel(
            f"The option {odd[0]!r} of the model {argument!r} is not known.",
            f"Options are {', '.join(allowed)}.",
        )
    return path, options


def hash_dim(argument: str) -> int:
    """Return the dimension that ``hash`` or ``hash:64`` asks for.

    Raises:
        UnknownModel: It is not a number from 8 to 4,096.
    """
    if not argument:
        return HASH_DIM
    if not argument.isascii() or not argument.isdigit() or not 8 <= int(argument) <= 4096:
        raise UnknownModel(
            f"The hash encoder cannot have {argument!r} dimensions.",
            "Write a number from 8 to 4096, as in 'hash:64'.",
        )
    return int(argument)
