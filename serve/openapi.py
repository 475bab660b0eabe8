"""``python -m serve.openapi``: write the checked-in OpenAPI document anew."""

import json
from pathlib import Path
from typing import NoReturn

from serve.app import create_app

PATH = Path(__file__).resolve().parents[1] / "docs" / "openapi.json"


def document() -> str:
    """Return the API's OpenAPI document as it is checked in, with a final line break."""
    return json.dumps(create_app(_never).openapi(), ensure_ascii=False, indent=2) + "\n"


def _never() -> NoReturn:
    raise AssertionError("the document needs no engine")


if __name__ == "__main__":
    PATH.write_text(document(), encoding="utf-8")
