"""The audit of a catalogue of any shape: probabilities for all products, or a sentence why not."""

import tempfile
from pathlib import Path

import numpy as np
from any_catalogue import Shape, features, shapes, write
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from encoders.image.lab_histogram import SHAPE
from encoders.protocol import unit_rows
from learn.coherence.audit import audit
from learn.coherence.audit_dataset import AuditDataset, claims_of
from mappings.errors import InputError

COLOURS = int(np.prod(SHAPE))
ONE_PICTURE = Shape((1,) * 30, 1, "distinct", "each", "each", "full", 0, 0)
ONE_OF_MOST = Shape((1,) * 24 + (0,) * 6 + (4,) * 6, 7, "distinct", "each", "each", "full", 0, 0)


def dataset(shape: Shape, folder: Path) -> tuple[AuditDataset, list[list[str]]]:
    """Return a drawn catalogue as the audit takes it, and the hashes of its pictures."""
    draw = np.random.default_rng(shape.seed)
    seen = features(shape.features, shape.contents, 48, draw)
    colours = features(
        "flat" if shape.features == "flat" else "full", shape.contents, COLOURS, draw
    )
    living = [row.product for row in write(shape, folder).rows() if row.product]
    shown = [[int(p.path[:-4]) for p in product.pictures] for product in living]
    owners = np.repeat(np.arange(len(living)), [len(own) for own in shown])
    rows = [number for own in shown for number in own]
    found = AuditDataset(
        seen[rows], owners, tuple(claims_of(product) for product in living),
        unit_rows(features("full", len(living), 16, draw)), colours[rows],
    )  # fmt: skip
    return found, [[str(number) for number in own] for own in shown]


@settings(
    deadline=None, derandomize=True, max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@example(shape=ONE_PICTURE, share=0)
@example(shape=ONE_OF_MOST, share=24)
@given(shape=shapes(least=25, most=60), share=st.sampled_from((0, 0, 20, 30)))
def test_any_catalogue_is_audited_or_it_is_said_why_not(shape: Shape, share: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found, contents = dataset(shape, Path(folder) / "shop")
    for n in range(min(share, len(contents))):  # products that show one picture among their own
        contents[n] = [*contents[n], "shared"]
    with np.errstate(divide="raise", invalid="raise", over="raise"):
        try:
            findings = audit(found, contents, limit=1_000, seed=shape.seed)
        except InputError as error:
            said = str(error)
            assert not said.startswith("0 products have pictures") or not len(found.owners), said
            return
    assert len(findings) == len(np.unique(found.owners))
    assert all(0.0 <= finding.probability <= 1.0 for finding in findings)
