"""``python -m bench.augment``: what becomes of foreign bodies, counted on a real node.

The forty bodies of ``tests/augment/bodies`` and as many random ones as asked for, each run beside
the shop's own: equal in filters, aggregations and totals, refused with a reason, or broken. Each
counts once for ``keep`` and once for ``extend``. Without ``--url`` it starts a node of its own.
"""

import argparse
import json
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SHOPS = Path(__file__).resolve().parents[1] / "tests" / "augment"
Outcome = tuple[str, str]


def main() -> None:
    """Count, print JSON, and exit with 1 where anything is broken."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--url", default="", help="A node; one of its own without.")
    parser.add_argument("--random", type=int, default=300, help="Random bodies.")
    parser.add_argument("--first", type=int, default=0, help="The first one's seed.")
    given = parser.parse_args()
    sys.path.insert(0, str(SHOPS))  # the shops and the law are the tests' own
    warnings.simplefilter("ignore")
    from mappings.connection import Connection

    with node(given.url) as url:
        client = Connection(url, timeout=120.0).open()
        listed = dict(listed_bodies(client))
        drawn = dict(random_bodies(client, range(given.first, given.first + given.random)))
    found = {"listed": figures(listed), "random": figures(drawn)}
    print(json.dumps(found, indent=1, ensure_ascii=False))
    sys.exit(1 if any("broken" in o[0] for o in [*listed.values(), *drawn.values()]) else 0)


@contextmanager
def node(url: str) -> Iterator[str]:
    """Give a node's address: the one named, or a node of our own."""
    if url:
        yield url
        return
    from shelfsight.local.stack import running_stack

    with running_stack(services=("node",), heap="1g") as state:
        yield state.node_url


def listed_bodies(client: Any) -> Iterator[tuple[str, Outcome]]:  # noqa: ANN401
    """Yield what becomes of each listed body, on the shop that it was written for."""
    from attach_workshop import SPACE
    from foreign_shops import foreign_bodies, open_foreign_shop, shapes

    from query.encode.query_vectors import QueryVectors

    for shape in shapes():
        with tempfile.TemporaryDirectory() as folder:
            shop, attached = open_foreign_shop(client, shape, Path(folder))
            for body in foreign_bodies():
                if body.shop == shape:
                    vectors = QueryVectors(SPACE.text.encode_query([body.text])[0])
                    for recall in ("keep", "extend"):
                        name = f"{body.label}, {recall}"
                        yield name, outcome(client, shop, attached, body.body, vectors, recall)
            client.indices.delete(index=f"{shop}*")


def random_bodies(client: Any, seeds: range) -> Iterator[tuple[str, Outcome]]:  # noqa: ANN401
    """Yield what becomes of each random body."""
    from augment_grammar import Grammar
    from augment_shop import open_shop, query_vectors

    attached = open_shop(client, "augment-bench")
    for seed in seeds:
        vectors = query_vectors("red cotton dress", "blue lamp" if seed % 3 == 0 else "")
        for recall in ("keep", "extend"):
            body = Grammar(seed).body()
            name = f"seed {seed}, {recall}"
            yield name, outcome(client, attached.index, attached, body, vectors, recall)
    client.indices.delete(index="augment-bench")


def outcome(
    client: Any,  # noqa: ANN401 - opensearchpy.OpenSearch
    shop: str,
    attached: Any,  # noqa: ANN401 - mappings.attach.Attachment
    body: dict[str, Any],
    vectors: Any,  # noqa: ANN401 - query.encode.query_vectors.QueryVectors
    recall: Any,  # noqa: ANN401 - keep or extend
) -> Outcome:
    """Return ``equal``, ``refused``, ``invalid`` (for the engine as it is) or ``broken``."""
    from augment_law import Broken, hold
    from opensearchpy.exceptions import TransportError

    from mappings.errors import InputError
    from query.augmenting.compile import Wishes, compile_body

    try:
        made = compile_body(body, attached, vectors, Wishes(recall=recall))
    except InputError as error:
        return "refused", error.problem
    try:
        client.search(index=shop, body=body)
    except TransportError as error:
        return "invalid", str(error.error)
    try:
        hold(client, shop, made, attached.mapping)
    except (Broken, TransportError) as error:
        return "broken", str(error)[:500]
    return "equal", made.execution


def figures(found: dict[str, Outcome]) -> dict[str, Any]:
    """Return the counts, and each refusal and breach by name."""
    counts = Counter(kind for kind, _ in found.values())
    told = counts["equal"] + counts["refused"] + counts["broken"]
    kept = (counts["equal"] + counts["refused"]) / max(1, told)
    reasons = Counter(why.split(",")[0][:80] for kind, why in found.values() if kind == "refused")
    return {
        "bodies": len(found),
        "equal": counts["equal"],
        "refused_with_a_reason": counts["refused"],
        "broken": counts["broken"],
        "refused_by_the_engine_as_they_are": counts["invalid"],
        "kept": round(kept, 4),
        # Without a breach in n, its rate is below 3/n with 95 %.
        "breaches_below_95": round(3 / max(1, told), 4) if not counts["broken"] else None,
        "executions": dict(Counter(why for kind, why in found.values() if kind == "equal")),
        "reasons": dict(reasons),
        "breaches": {n: why for n, (kind, why) in found.items() if kind == "broken"},
    }


if __name__ == "__main__":
    main()
