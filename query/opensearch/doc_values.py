"""Doc values: how a request asks for columns of each hit, and how they are read."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from query.model.window import Value, Values

DATES = frozenset({"added"})
"""Columns that hold dates; as doc values they are milliseconds since 1970."""


def docvalues(columns: Iterable[str]) -> list[dict[str, str]]:
    """Return the ``docvalue_fields`` of a request that reads these columns; dates as epoch ms."""
    return [_docvalue(column) for column in columns]


def values_of(fields: Mapping[str, Sequence[object]], columns: Iterable[str]) -> Values:
    """Return the columns' doc values of a reply's row, from its ``fields``.

    Args:
        fields: The row's ``fields``, as the engine answers ``docvalue_fields``.
        columns: The columns that were asked for.
    """
    return {
        column: tuple(map(_number if column in DATES else _value, given))
        for column in columns
        if (given := fields.get(column))
    }


def _docvalue(column: str) -> dict[str, str]:
    return {"field": column} | ({"format": "epoch_millis"} if column in DATES else {})


def _value(given: object) -> Value:
    return _number(given) if isinstance(given, int | float) else str(given)


def _number(given: Any) -> float:  # noqa: ANN401 - JSON
    number = float(given)
    assert math.isfinite(number)
    return number
