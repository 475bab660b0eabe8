"""The index bodies as checked-in JSON, to be read and compared without running anything.

They are rendered for an example identity of 384 dimensions; a real index differs in its ``_meta``
and its ``dimension`` only. ``python -m mappings.rendered`` writes them anew; a test keeps them
fresh.
"""

import json
from pathlib import Path

from mappings.blend import Blend
from mappings.body import render
from mappings.calibration import Affine, Calibration, Saturation
from mappings.fields import ENGINES, Engine
from mappings.identity import ModelIdentity
from mappings.schema import Schema

DIM = 384
EXAMPLE_IDENTITY = ModelIdentity(
    text="example-text",
    image="example-image",
    projection="example-projection",
    attributes="example-attributes",
    dim=DIM,
    preprocessing="example-preprocessing",
)
EXAMPLE_CALIBRATION = Calibration({"lexical": Saturation(10.0), "text": Affine(0.78, 0.9)})
EXAMPLE_BLEND = Blend.of({"text": 1.0}, EXAMPLE_CALIBRATION)


def path(engine: Engine) -> Path:
    """Return where an engine's rendered body is checked in."""
    return Path(__file__).parent / f"{engine}.json"


def text(engine: Engine) -> str:
    """Return an engine's rendered body as it is checked in, with a final line break."""
    body = render(Schema(DIM, EXAMPLE_BLEND), EXAMPLE_IDENTITY, EXAMPLE_CALIBRATION, engine=engine)
    return json.dumps(body, ensure_ascii=False, indent=2) + "\n"


def rewrite() -> None:
    """Write every engine's rendered body."""
    for engine in ENGINES:
        path(engine).write_text(text(engine), encoding="utf-8")
