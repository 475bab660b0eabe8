"""The ten views that each product is shown in, and the role of each in the record."""

VIEWS = (
    "front",
    "mirrored",
    "turned",
    "detail",
    "elsewhere",
    "small",
    "swatch",
    "perspective",
    "dim",
    "cropped",
)


def view_of(number: int) -> str:
    """Which view the picture with this number shows; after ten they begin again."""
    return VIEWS[number % len(VIEWS)]


def role_of(number: int) -> str:
    """The role of the picture with this number: main, alternative, detail or swatch."""
    if number == 0:
        return "main"
    view = view_of(number)
    return view if view in ("detail", "swatch") else "alternative"
