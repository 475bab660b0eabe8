"""A check at start-up: our packages have common names, so make sure that they are ours."""

from importlib.util import find_spec
from pathlib import Path

from mappings.errors import StackError

PACKAGES = ("mappings", "encoders", "ingest", "attach", "query", "learn", "serve")


def require_own_packages(root: Path | None = None) -> None:
    """Refuse to run when another distribution owns one of our import names.

    Args:
        root: The folder that must hold all packages; the one that holds ``shelfsight`` when not
            given.

    Raises:
        StackError: Naming the package and where it comes from.
    """
    root = root or Path(__file__).resolve().parents[1]
    is_checkout = (root / "pyproject.toml").is_file()
    for name in (*PACKAGES, "demo") if is_checkout else PACKAGES:
        spec = find_spec(name)
        places = (
            [Path(p).resolve() for p in (spec.submodule_search_locations or ())] if spec else []
        )
        if root / name not in places:
            found = ", ".join(map(str, places)) or "nowhere"
            raise StackError(
                f"The package {name!r} is not Shelfsight's own: it comes from {found}, not {root}.",
                "Install Shelfsight into an environment of its own (./run does).",
            )
