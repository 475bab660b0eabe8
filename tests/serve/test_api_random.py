"""Random requests: whatever is sent is answered or refused, and never breaks the service."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from serve.schemas import SearchBody

pytestmark = pytest.mark.node
JSON = {"content-type": "application/json"}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
NAMES = tuple(SearchBody.model_fields)
SCRAPS = (
    "price", "brand", "=", "<", "..", "1e308", "-", ",", "0.1 ", "where ", "new ", "rrf:", " ",
    "颜色", "9", "\u0316", "\ufdfa", "/", ":", "(", "\0",
)  # fmt: skip
written = st.lists(st.sampled_from(SCRAPS), max_size=12).map("".join)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    body=st.dictionaries(
        st.sampled_from(NAMES) | st.text(max_size=8),
        json_values | written | st.lists(written, max_size=4),
        max_size=6,
    )
)
def test_no_json_whatever_breaks_the_service(http: TestClient, body: dict[str, Any]) -> None:
    content = json.dumps(body).encode("utf-8", "surrogatepass")
    answer = http.post("/search", content=content, headers=JSON)
    assert answer.status_code in (200, 400), answer.text


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(("filters", "facets", "sort", "boosts", "fusion", "cursor", "collapse")),
    text=written,
)
def test_no_written_form_whatever_breaks_the_service(
    http: TestClient, name: str, text: str
) -> None:
    given = text if name in ("fusion", "cursor", "collapse") else [text]
    answer = http.post("/search", json={"text": "red", "size": 2, name: given})
    assert answer.status_code in (200, 400), answer.text


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(typed=written | st.text(max_size=250), size=st.integers() | st.text(max_size=5))
def test_nothing_that_is_typed_breaks_the_suggestions(
    http: TestClient, typed: str, size: int | str
) -> None:
    answer = http.get("/suggest", params={"q": typed, "size": size})
    assert answer.status_code in (200, 400), answer.text


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=st.binary(max_size=200), form=st.booleans())
def test_no_bytes_whatever_break_the_service(http: TestClient, body: bytes, form: bool) -> None:
    kind = "multipart/form-data; boundary=x" if form else "application/json"
    content = b"--x\r\n" + body + b"\r\n--x--\r\n" if form else body
    answer = http.post("/search", content=content, headers={"content-type": kind})
    assert answer.status_code == 400, answer.text
