"""The product record: what a catalogue row must be before anything is done with it."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
)

from mappings.errors import InputError

MAX_ID_BYTES = 400
MAX_TITLE = 500
MAX_DESCRIPTION = 20_000
MAX_PICTURES = 20
MAX_ATTRIBUTES = 200
MAX_VALUE = 200
MAX_VERSION = 2**63 - 1

Role = Literal["main", "alternative", "detail", "swatch"]


def _as_list(given: Any) -> Any:  # noqa: ANN401 - whatever a feed holds
    """Return several values as they are and one as a tuple of one; gaps are left out."""
    if given is None or isinstance(given, str | int | float | bool):
        given = (given,)
    if not isinstance(given, list | tuple):
        return given
    # Feeds write null or "" for an attribute that a product lacks: that is no reason to reject it.
    return tuple(v for v in given if v is not None and not (isinstance(v, str) and not _clean(v)))


def _clean(given: Any) -> Any:  # noqa: ANN401 - whatever a feed holds
    """Return text in Unicode NFC without control characters, numbers as text."""
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, int | float):
        if abs(given) > MAX_VERSION:  # also spares Python's limit of digits in str()
            raise ValueError("is too large a number")
        return str(given)
    if isinstance(given, str):
        kept = (c for c in given if unicodedata.category(c) not in ("Cc", "Cs") or c in "\n\t")
        return unicodedata.normalize("NFC", "".join(kept)).strip()
    return given


def _not_a_flag(given: Any) -> Any:  # noqa: ANN401 - whatever a feed holds
    if isinstance(given, bool):
        raise ValueError("true and false are no numbers")
    return given


def _as_day(given: Any) -> Any:  # noqa: ANN401 - whatever a feed holds
    """Return an ISO 8601 day or instant as an instant in UTC; one without a zone is in UTC."""
    if given is None or not isinstance(given, str | date):
        return given
    try:
        text = given if isinstance(given, str) else given.isoformat()
        found = datetime.fromisoformat(text.strip().replace("/", "-"))
    except ValueError:
        raise ValueError("is no day such as 2026-01-31") from None
    if not 1970 <= found.year <= 9998:
        raise ValueError("lies outside the years 1970 to 9998")
    aware = found if found.tzinfo else found.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _as_flag(given: Any) -> Any:  # noqa: ANN401 - whatever a feed holds
    """Return the words of spreadsheets and of Chinese shops as pydantic reads a flag."""
    if not isinstance(given, str):
        return given
    word = given.strip().casefold()
    return {"": "false", "是": "true", "否": "false", "x": "true"}.get(word, word)


Amount = Annotated[float | None, BeforeValidator(_not_a_flag)]
Day = Annotated[str | None, BeforeValidator(_as_day)]
Value = Annotated[
    str, BeforeValidator(_clean), StringConstraints(min_length=1, max_length=MAX_VALUE)
]
Values = Annotated[tuple[Value, ...], BeforeValidator(_as_list)]


@dataclass(frozen=True, slots=True)
class ExtractedValue:
    """An attribute that a product's own columns do not hold, and where it was found.

    Args:
        name: The attribute's name.
        value: Its value, sizes and measures in one unit.
        source: ``title`` or ``description``.
    """

    name: str
    value: str
    source: str


class Picture(BaseModel):
    """A picture of a product: where it lies, relative to the catalogue, and what it shows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
    role: Role = "alternative"

    @field_validator("path")
    @classmethod
    def _path_can_be_opened(cls, value: str) -> str:
        if any(unicodedata.category(c) == "Cc" for c in value):
            raise ValueError("holds a control character")
        return value


class Product(BaseModel):
    """One sellable product, validated and frozen.

    Limits: ``id`` at most 400 bytes of UTF-8, title 500 and description 20,000 characters,
    20 pictures, 200 attribute tags (``name=value`` pairs) of at most 200 characters each.
    ``version`` is the feed's own, when it has one; the higher version wins. ``deleted`` marks a
    row that takes the product out of search. ``margin`` is whatever the shop measures it in;
    ``added`` is the day or instant the product came into the shop, kept as an instant in UTC.
    ``found`` is no column of a feed: the ingest reads it out of the product's own texts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, BeforeValidator(_clean), StringConstraints(min_length=1)]
    title: Annotated[str, BeforeValidator(_clean), StringConstraints(max_length=MAX_TITLE)] = ""
    description: Annotated[
        str, BeforeValidator(_clean), StringConstraints(max_length=MAX_DESCRIPTION)
    ] = ""
    brand: Annotated[str, BeforeValidator(_clean), StringConstraints(max_length=MAX_VALUE)] = ""
    categories: Values = ()
    price: Amount = Field(default=None, ge=0, allow_inf_nan=False)
    currency: Annotated[str, StringConstraints(max_length=3)] = ""
    stock: Amount = Field(default=None, ge=0, allow_inf_nan=False)
    margin: Amount = Field(default=None, allow_inf_nan=False)
    added: Day = None
    group: Annotated[str, BeforeValidator(_clean), StringConstraints(max_length=MAX_VALUE)] = ""
    attributes: Mapping[Value, Values] = Field(default_factory=dict)
    pictures: Annotated[tuple[Picture, ...], Field(max_length=MAX_PICTURES)] = ()
    found: tuple[ExtractedValue, ...] = ()
    version: Annotated[int | None, BeforeValidator(_not_a_flag)] = Field(
        default=None, ge=0, le=MAX_VERSION
    )
    deleted: Annotated[bool, BeforeValidator(_as_flag)] = False

    @field_validator("id")
    @classmethod
    def _id_fits_the_engine(cls, value: str) -> str:
        size = len(value.encode())
        if size > MAX_ID_BYTES:
            raise ValueError(f"is {size} bytes long; at most {MAX_ID_BYTES} are allowed")
        if any(c in value for c in "\n\t"):
            raise ValueError("holds a line break or a tab")
        return value

    @field_validator("attributes")
    @classmethod
    def _tags_are_bounded(
        cls, value: Mapping[str, tuple[str, ...]]
    ) -> Mapping[str, tuple[str, ...]]:
        tags = sum(len(values) for values in value.values())
        if tags > MAX_ATTRIBUTES:
            raise ValueError(f"holds {tags} tags; at most {MAX_ATTRIBUTES} are allowed")
        if odd := [name for name in value if "=" in name]:
            raise ValueError(f"name {odd[0]!r} holds '='; rename it")
        return value

    @property
    def tags(self) -> tuple[str, ...]:
        """The attributes as ``name=value`` terms, in the order given."""
        return tuple(f"{name}={v}" for name, values in self.attributes.items() for v in values)

    @property
    def found_tags(self) -> tuple[str, ...]:
        """What was found in the product's texts as ``name=value`` terms, in the order found."""
        return tuple(f"{one.name}={one.value}" for one in self.found)


def parse_product(record: Mapping[str, Any]) -> Product:
    """Return the product in a record whose columns already bear our names.

    Args:
        record: Column name to value, as read from a feed; a column that is ``None`` is absent.

    Raises:
        InputError: A column is missing, unknown, or holds what is not allowed; every reason is
            named, with the column.
    """
    if not isinstance(record, Mapping):
        raise InputError(f"the row is no record of columns (given {_quoted(record)})")
    try:
        given = {k: v for k, v in record.items() if v is not None}
        product = Product.model_validate(given)
    except ValidationError as error:
        raise InputError("; ".join(_reason(dict(e)) for e in error.errors())) from None
    if not product.deleted and not product.title:
        raise InputError("column 'title' is missing or empty")
    return product


def _reason(error: dict[str, Any]) -> str:
    """Say one validation error in a sentence: the column, what was given, what is wrong."""
    column = ".".join(str(part) for part in error["loc"])
    if error["type"] == "missing":
        return f"column {column!r} is missing"
    if error["type"] == "extra_forbidden":
        return f"column {column!r} is not known"
    reason = error["msg"].removeprefix("Value error, ")
    if error["type"] == "too_long" and isinstance(error["input"], str):
        context = error["ctx"]
        reason = f"is {context['actual_length']} characters long; at most {context['max_length']}"
        reason += " are allowed"
    return f"column {column!r}: {reason} (given {_quoted(error.get('input'))})"


def _quoted(given: Any) -> str:  # noqa: ANN401 - whatever a feed holds
    try:
        text = repr(given)
    except ValueError:  # an int of more digits than Python prints
        text = "a number of thousands of digits"
    return text if len(text) <= 60 else text[:57] + "..."
