"""Whatever a shop and its faults do, in whatever order, the index holds what the rules say."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from promises_machine import Promises
from promises_shop import Bound

pytestmark = [pytest.mark.node, pytest.mark.faults]
SEQUENCES = int(os.environ.get("SHELFSIGHT_PROMISE_SEQUENCES", "500"))
STEPS = int(os.environ.get("SHELFSIGHT_PROMISE_STEPS", "15"))


@pytest.fixture(scope="module")
def bound(tmp_path_factory: pytest.TempPathFactory, node_url: str) -> Iterator[Bound]:
    made = Bound(Path(tmp_path_factory.mktemp("promises")), node_url)
    yield made
    made.close()


@pytest.mark.timeout(0)
def test_the_index_holds_what_the_rules_say(bound: Bound) -> None:
    Promises.bound = bound
    run_state_machine_as_test(
        Promises,
        settings=settings(
            max_examples=SEQUENCES, stateful_step_count=STEPS, deadline=None, print_blob=True,
            database=None, suppress_health_check=list(HealthCheck),
            derandomize="SHELFSIGHT_PROMISE_SEQUENCES" not in os.environ,  # one seed in CI
        ),
    )  # fmt: skip
