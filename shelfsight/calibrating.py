"""The live index's scales measured anew, from what it holds: no catalogue is needed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mappings.calibration import Affine, Calibration, Worded
from shelfsight.settings import Settings

if TYPE_CHECKING:
    from query.calibration.bm25 import TopScores
    from query.calibration.measure import UnrelatedPairs


@dataclass(frozen=True, slots=True)
class Recalibrated:
    """Scales as they were and as they were measured, and what was measured.

    Args:
        index: The concrete index.
        before: The scales in its ``_meta``.
        after: The scales measured.
        measured: Vector signals by name.
        tops: BM25 of the pseudo-queries.
        products: Products that were drawn.
    """

    index: str
    before: Calibration
    after: Calibration
    measured: "Mapping[str, UnrelatedPairs]"
    tops: "TopScores"
    products: int


def recalibrate(settings: Settings, *, seed: int | None = None, write: bool) -> Recalibrated:
    """Measure the live index's scales on products drawn from it, and keep them in its ``_meta``.

    Args:
        settings: Whose alias and models.
        seed: Of the draw; the settings' where left out.
        write: Whether they are kept; else nothing is written.

    Raises:
        InputError: There is no such alias.
        IdentityMismatch: The index was made with other models than this machine's space.
        NodeUnreachable: The node does not answer.
    """
    from encoders.adapter import adapter_of
    from mappings.index import write_calibration
    from query.calibration.bm25 import measure_lexical, scale_of_top_scores
    from query.calibration.measure import measure
    from query.calibration.sample import draw_sample
    from query.plan.scales import DEFAULT_SCALES
    from shelfsight.indices import require_live
    from shelfsight.wiring import open_client, open_space

    client, live, space = open_client(settings), require_live(settings), open_space(settings)
    space.identity.require(live.identity, f"Index {live.name!r}")
    chosen = settings.seed if seed is None else seed
    drawn = draw_sample(client, live.name, live.schema, seed=chosen)
    adapter = adapter_of(space.projection)
    measured = measure(space.text, drawn.titles, drawn.vectors, seed=chosen, adapter=adapter)
    titles = dict(zip(drawn.ids, drawn.titles, strict=True))
    tops = measure_lexical(client, live.name, titles, seed=chosen)
    scales = {name: scale for name, m in measured.items() if (scale := m.scale)}
    after = Calibration(DEFAULT_SCALES | scales | {"lexical": scale_of_top_scores(tops)})
    if write:
        write_calibration(client, live.name, after)
    return Recalibrated(live.name, live.calibration, after, measured, tops, len(drawn.ids))


def scale_row(entry: Mapping[str, Any]) -> str:
    """Return one scale of ``_meta`` as a line for people, its centre by its length alone."""
    from mappings.calibration import unpack

    numbers = {k: v for k, v in entry.items() if k not in ("kind", "centre", "clip")}
    words = "  ".join(f"{k} {v:.4g}" for k, v in numbers.items())
    if entry.get("centre"):
        words += f"  foot per query ({len(unpack(str(entry['centre'])))} numbers)"
    return f"{entry['kind']:10} {words}".rstrip()


def meaning_of(calibration: Calibration) -> dict[str, str]:
    """Return in plain words what is 0 and what is a half on each signal's scale."""
    found = {}
    for name, scale in sorted(calibration.scales.items()):
        if isinstance(scale, Worded):
            found[name] = (
                f"0 for no word; a half for BM25 {scale.at(3, 0).high / 2:.1f} with 3 words,"
                f" {scale.at(0, 6).high / 2:.1f} with 6 characters"
            )
        elif isinstance(scale, Affine):
            half = (scale.high - scale.low) / 2
            found[name] = f"0 for the average product; a half for {half:.3f} above it"
    return found
