"""What the node is sent and what it answers, as text."""

import json
import math
from datetime import UTC, datetime

import numpy as np
import pytest
from opensearchpy.exceptions import SerializationError
from opensearchpy.serializer import JSONSerializer

from mappings.connection_json import QuickJSON

QUICK, PLAIN = QuickJSON(), JSONSerializer()
BODIES = [
    {"query": {"match": {"title.zh": {"query": "红色 连衣裙", "boost": 2.5}}}, "size": 0},
    {"vector": [0.1, -0.0740027, 1e-8, 3.0], "none": None, "yes": True, "big": 2**70},
    {"broken": "a\ud800b", "slash": 'x"}]} \\ \u2028'},
    {"when": datetime(2026, 11, 24, tzinfo=UTC), "one": np.float32(0.5), "many": np.arange(3)},
    [],
]


@pytest.mark.parametrize("body", BODIES)
def test_a_body_says_what_the_clients_own_serializer_says(body: object) -> None:
    assert json.loads(QUICK.dumps(body)) == json.loads(PLAIN.dumps(body))


def test_text_is_sent_as_it_is() -> None:
    assert QUICK.dumps('{"index":{}}\n') == '{"index":{}}\n'


def test_what_no_json_can_hold_is_refused() -> None:
    with pytest.raises(SerializationError):
        QUICK.dumps({"what": object()})
    with pytest.raises(SerializationError):
        QUICK.loads("<html>")


def test_numbers_are_read_as_they_were_written() -> None:
    found = QUICK.loads('{"count": 10000000000000000000000, "score": 0.1, "odd": NaN}')
    assert found["count"] == 10**22
    assert found["score"] == 0.1
    assert math.isnan(found["odd"])
