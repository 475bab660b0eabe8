import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from api_shop import picture
from starlette.testclient import TestClient

from serve.limits import Limits
from serve.schemas import Problem

pytestmark = pytest.mark.node
JSON = {"content-type": "application/json"}
LIMITS = Limits()


def refused(answer: Any, status: int, kind: str) -> str:
    """Return what was said, after checking that it is a whole, typed problem."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    problem = Problem.model_validate(answer.json())
    assert (problem.type, problem.status) == (kind, status)
    assert problem.problem
    assert len(problem.problem) <= 600
    return f"{problem.problem} {problem.cure}"


def search(http: TestClient, **body: Any) -> Any:
    return http.post("/search", json=body)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"red shoes",
        b"{",
        b"[]",
        b"null",
        b'"red"',
        b'{"text": "red"} x',
        b'{"text": "red\x00"}',
        b'{"text": "\xff\xfe"}',
        b'{"text": "\\ud800"}',
        b'{"text": 1}',
        b'{"text": ["red"]}',
        b'{"text": {"$gt": ""}}',
        b"[" * 60_000,
        b'{"weights":' * 5_000,
        b'{"text": "red", "filters": ' + b"[" * 30_000,
        b'{"text": "red", "weights": {"text": NaN}}',
        b'{"text": "red", "weights": {"text": Infinity}}',
        b'{"text": "red", "weights": {"text": -Infinity}}',
        b'{"text": "red", "weights": {"text": 1e999}}',
        b'{"text": "red", "filters": [{"column": "price", "gte": NaN}]}',
        b'{"text": "red", "size": 1e400}',
        b'{"text": "red", "size": ' + b"9" * 5_000 + b"}",
    ],
)
def test_what_is_no_request_in_json(http: TestClient, content: bytes) -> None:
    said = refused(http.post("/search", content=content, headers=JSON), 400, "input")
    assert "The request cannot be read" in said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "empty"),
        ({"text": "  \u0000 "}, "empty"),
        ({"text": "a" * 201}, "201 characters; 200 are allowed"),
        ({"text": "鞋" * 5_000}, "5000 characters"),
        ({"text": "ﷺ" * 12}, "216 characters"),
        ({"text": "a", "colour": "red"}, "colour: Extra inputs"),
        ({"text": "a", "size": 101}, "size is 101; 0 to 100 are allowed"),
        ({"text": "a", "size": -1}, "size is -1"),
        ({"text": "a", "size": "10"}, "size: Input should be a valid integer"),
        ({"text": "a", "size": True}, "size: Input should be a valid integer"),
        ({"text": "a", "size": 1.5}, "size: Input should be a valid integer"),
        ({"text": "a", "offset": -1}, "offset + size"),
        ({"text": "a", "offset": 977, "size": 24}, "offset + size is 1001"),
        ({"text": "a", "profile": "best"}, "no profile 'best'. There are default"),
        ({"text": "a", "weights": {"colour": 1}}, "no signal 'colour'. Signals are lexical"),
        ({"text": "a", "weights": {"text": -1}}, "weight of 'text' is -1"),
        ({"text": "a", "weights": {"text": "1"}}, "weights.text: Input should be a valid number"),
        ({"text": "a", "weights": [1]}, "weights: "),
        ({"text": "a", "profile": "two-term", "weights": {"image": 0, "coherence": 0}}, "none of"),
        ({"text": "a", "image_mode": "worst"}, "'worst' is not known. Choose one of pooled, best"),
        ({"text": "a", "similarity": {"text": "l1"}}, "Choose one of cosine, dot, euclidean"),
        ({"text": "a", "similarity": {"lexical": "dot"}}, "no vector signal 'lexical'"),
        ({"text": "a", "filters": "brand=X"}, "filters: Input should be a valid array"),
        ({"text": "a", "filters": ["brand=X"] * 33}, "filters is 33; 0 to 32 are allowed"),
        ({"text": "a", "filters": ["brand"]}, "Filter 'brand' cannot be read"),
        ({"text": "a", "filters": ["title=x"]}, "'title' cannot be filtered"),
        ({"text": "a", "filters": ["price=cheap"]}, "'cheap' is no number"),
        ({"text": "a", "filters": ["price=9..1"]}, "no range"),
        ({"text": "a", "filters": [7]}, "filters.0"),
        ({"text": "a", "filters": [{}]}, "filters.0.range.column: Field required"),
        ({"text": "a", "filters": [{"column": "colour", "any_of": ["x"]}]}, "Columns are brand"),
        ({"text": "a", "filters": [{"column": "price", "any_of": ["1"]}]}, "Columns are brand"),
        ({"text": "a", "filters": [{"column": "brand", "gte": 1}]}, "Columns are price, stock"),
        ({"text": "a", "filters": [{"column": "price"}]}, "no range"),
        ({"text": "a", "filters": [{"column": "price", "gt": 1, "gte": 1}]}, "two ends"),
        ({"text": "a", "filters": [{"column": "brand", "any_of": []}]}, "0 values; 1 to 256"),
        ({"text": "a", "filters": [{"column": "brand", "any_of": ["x"] * 257}]}, "257 values"),
        ({"text": "a", "filters": [{"column": "brand", "any_of": [""]}]}, "empty or too long"),
        ({"text": "a", "filters": [{"script": "1"}]}, "script: Extra inputs"),
        ({"pictures": ["?"]}, "pictures.0 is no base64"),
        ({"pictures": [""]}, "pictures.0 is no base64"),
        ({"pictures": ["aGVsbG8="]}, "none of JPEG, PNG"),
        ({"pictures": ["aGVsbG8="] * 5}, "pictures is 5; 0 to 4"),
    ],
)
def test_every_limit_is_named_when_it_is_passed(
    http: TestClient, body: dict[str, Any], said: str
) -> None:
    assert said in refused(search(http, **body), 400, "input")


@pytest.mark.parametrize(
    "body",
    [
        {"text": "a" * 200},
        {"text": "a", "size": 100, "offset": 900},
        {"text": "a", "filters": ["brand=X"] * 32},
        {"text": "a", "filters": [{"column": "brand", "any_of": ["x"] * 256}]},
    ],
)
def test_what_is_just_within_the_limits_is_answered(http: TestClient, body: dict[str, Any]) -> None:
    assert search(http, **body).status_code == 200


def test_what_was_given_is_not_repeated_without_end(http: TestClient) -> None:
    for body in (
        {"text": "a", "profile": "p" * 50_000},
        {"text": "a", "weights": {"w" * 50_000: 1}},
        {"text": "a", "filters": ["f" * 50_000]},
        {"text": "a", "n" * 50_000: 1},
        {"text": "a", "filters": [{"column": "c" * 50_000, "any_of": ["x"]}]},
    ):
        refused(search(http, **body), 400, "input")


def padded(length: int) -> bytes:
    body = json.dumps({"text": "red shoes"}).encode()
    return body + b" " * (length - len(body))


def chunks(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), 10_000):
        yield content[start : start + 10_000]


def test_json_is_limited_at_64_kilobytes(http: TestClient) -> None:
    at_limit = http.post("/search", content=padded(LIMITS.json_bytes), headers=JSON)
    assert at_limit.status_code == 200, at_limit.text
    past = http.post("/search", content=padded(LIMITS.json_bytes + 1), headers=JSON)
    assert "larger than 64 KB" in refused(past, 413, "too_large")


def test_a_body_that_does_not_say_its_length_is_limited_too(http: TestClient) -> None:
    at_limit = http.post("/search", content=chunks(padded(LIMITS.json_bytes)), headers=JSON)
    assert at_limit.status_code == 200, at_limit.text
    past = http.post("/search", content=chunks(padded(LIMITS.json_bytes + 1)), headers=JSON)
    assert "larger than 64 KB" in refused(past, 413, "too_large")


def test_a_million_characters_are_too_many(http: TestClient) -> None:
    refused(search(http, text="鞋" * 1_000_000), 413, "too_large")


def form(length: int) -> tuple[bytes, dict[str, str]]:
    head = b'--x\r\nContent-Disposition: form-data; name="pictures"; filename="a.png"\r\n\r\n'
    tail = b"\r\n--x--\r\n"
    start = picture("red")
    content = head + start + bytes(length - len(head) - len(tail) - len(start)) + tail
    return content, {"content-type": "multipart/form-data; boundary=x"}


@pytest.mark.parametrize("declared", [True, False])
def test_uploads_are_limited_at_10_megabytes(http: TestClient, declared: bool) -> None:
    content, headers = form(LIMITS.upload_bytes)
    at_limit = http.post(
        "/search", content=content if declared else chunks(content), headers=headers
    )
    assert at_limit.status_code == 200, at_limit.text  # a PNG may be followed by anything
    content, headers = form(LIMITS.upload_bytes + 1)
    past = http.post("/search", content=content if declared else chunks(content), headers=headers)
    assert "larger than 10240 KB" in refused(past, 413, "too_large")


def test_a_header_cannot_borrow_the_larger_limit_for_json(http: TestClient) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    said = http.post("/search", content=padded(LIMITS.json_bytes * 2), headers=headers)
    refused(said, 400, "input")


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/x-www-form-urlencoded", "application/xml", "x" * 500]
)
def test_another_kind_of_body_is_refused_with_the_right_ones(
    http: TestClient, kind: str | None
) -> None:
    headers = {} if kind is None else {"content-type": kind}
    said = refused(
        http.post("/search", content=b'{"text": "red"}', headers=headers), 415, "unsupported_media"
    )
    assert "application/json or multipart/form-data" in said


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "Application/JSON", "application/json;"]
)
def test_the_kind_of_body_is_read_as_http_says(http: TestClient, kind: str) -> None:
    answer = http.post("/search", content=b'{"text": "red"}', headers={"content-type": kind})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("data", "files", "said"),
    [
        ({"text": "a", "size": "many"}, {}, "Field 'size' is no JSON"),
        ({"text": "a", "size": "[" * 5_000}, {}, "Field 'size' is no JSON"),
        ({"text": "a", "weights": "{"}, {}, "Field 'weights' is no JSON"),
        ({"text": "a", "weights": '{"text": NaN}'}, {}, "weights.text"),
        ({"text": "a", "filters": "{"}, {}, "Field 'filters' is no JSON"),
        ({"text": "a", "colour": "red"}, {}, "colour: Extra inputs"),
        ({"text": ["a", "b"]}, {}, "Field 'text' is given twice"),
        ({"text": "a"}, {"image": b"x"}, "File field 'image' is not known. Name it 'pictures'"),
        ({"text": "a", "pictures": "aGVsbG8="}, {}, "pictures: Input should be a valid list"),
        ({"text": "a"}, {"pictures": b"no picture"}, "picture"),
        ({"text": "a"}, {"pictures": b""}, "picture"),
    ],
)
def test_what_is_wrong_with_a_form(
    http: TestClient, data: dict[str, Any], files: dict[str, Any], said: str
) -> None:
    files = files or {"pictures": picture("red")}
    assert said in refused(http.post("/search", data=data, files=files), 400, "input")


def test_five_uploads_are_too_many(http: TestClient) -> None:
    files = [("pictures", picture("red"))] * 5
    assert "Too many files" in refused(http.post("/search", files=files), 400, "input")


@pytest.mark.parametrize("boundary", ["", "; boundary=", "; boundary=" + "b" * 300])
def test_a_form_without_its_boundary_is_refused(http: TestClient, boundary: str) -> None:
    headers = {"content-type": f"multipart/form-data{boundary}"}
    refused(http.post("/search", content=b"--x--", headers=headers), 400, "input")


@pytest.mark.parametrize(
    ("method", "path", "status", "kind", "allowed"),
    [
        ("GET", "/search", 405, "method_not_allowed", "POST"),
        ("PUT", "/search", 405, "method_not_allowed", "POST"),
        ("POST", "/health", 405, "method_not_allowed", "GET, HEAD"),
        ("DELETE", "/live", 405, "method_not_allowed", "GET, HEAD"),
        ("POST", "/suggest", 405, "method_not_allowed", "GET"),
        ("GET", "/augment", 405, "method_not_allowed", "POST"),
        ("POST", "/openapi.json", 405, "method_not_allowed", "GET, HEAD"),
        ("GET", "/nothing", 404, "not_found", None),
        ("GET", "/docs", 404, "not_found", None),
        ("GET", "/redoc", 404, "not_found", None),
    ],
)
def test_wrong_paths_and_verbs_are_typed_too(
    http: TestClient, method: str, path: str, status: int, kind: str, allowed: str | None
) -> None:
    answer = http.request(method, path, follow_redirects=False)
    refused(answer, status, kind)
    assert answer.headers.get("allow") == allowed


@pytest.mark.parametrize("path", ["/live/", "/search/", "//live", "/suggest/"])
def test_nothing_is_redirected(http: TestClient, path: str) -> None:
    """A redirect would name the host that the client names."""
    for method in ("GET", "POST"):
        answer = http.request(
            method, path, headers={"host": "evil.example"}, follow_redirects=False
        )
        refused(answer, 404, "not_found")
        assert "location" not in answer.headers
        assert "evil.example" not in answer.text


def test_a_damaged_picture_is_refused_and_the_next_one_is_read(http: TestClient) -> None:
    whole = picture("red")
    for damaged in (whole[:60], whole[:-40], base64.b64decode("R0lGODlhAQABAAAAACw=")):
        refused(http.post("/search", files={"pictures": damaged}), 400, "input")
    assert http.post("/search", files={"pictures": whole}).status_code == 200


BIG = 1e15


@pytest.mark.parametrize("number", [BIG, -BIG, 1e16, 1e40, 1e160, 1e308, -1e308, 1e-320, 5e-324])
@pytest.mark.parametrize(
    "make",
    [
        lambda n: {"weights": {"lexical": n, "image": n}},
        lambda n: {"filters": [{"column": "price", "gte": n}]},
        lambda n: {"filters": [{"column": "stock", "lt": n}]},
        lambda n: {"filters": [{"column": "added", "lte": n}]},
        lambda n: {"filters": [f"price={n}..", f"stock<{n}"]},
        lambda n: {"facets": [{"column": "price", "ranges": [{"low": n}, {"high": n}]}]},
        lambda n: {"facets": [{"column": "stock", "interval": n}]},
        lambda n: {"facets": [{"column": "added", "interval": n}]},
        lambda n: {"facets": [f"price/{n}"]},
        lambda n: {"facets": [{"column": "added", "ranges": [{"low": n}]}]},
        lambda n: {"facets": [{"column": "added", "ranges": [{"low": n}]}], "facets_of": "window"},
        lambda n: {"facets": [{"column": "stock", "interval": n}], "facets_of": "window"},
        lambda n: {"min_score": n},
        lambda n: {"boosts": [f"{n} stock"]},
        lambda n: {"boosts": [f"0.1 new {n}"]},
        lambda n: {"boosts": [f"0.1 price 0..{n}"]},
        lambda n: {"boosts": [f"0.1 where price<{n}"]},
        lambda n: {"strength": n, "without": "red"},
        lambda n: {"like": ["shoes-red-Nike", "dress-red-Nike"], "picture_weights": [n, 1]},
        lambda n: {"diversity": {"relevance": n}},
        lambda n: {"fusion": "min-max", "weights": {"lexical": n, "text": n}},
    ],
)
def test_a_number_of_any_size_is_used_or_refused(
    http: TestClient, make: Any, number: float
) -> None:
    answer = search(http, text="red shoes", **make(number))
    assert answer.status_code in (200, 400), answer.text
    if abs(number) > BIG:
        refused(answer, 400, "input")
    else:
        assert answer.status_code == 400 or answer.json()["degraded"] == []


def test_whole_numbers_of_thousands_of_digits_are_refused(http: TestClient) -> None:
    digits = b"9" * 4_299  # the most that is still read; their sum would have one more
    content = b'{"text": "red", "size": ' + digits + b', "offset": ' + digits + b"}"
    refused(http.post("/search", content=content, headers=JSON), 400, "input")
    for field in (b"reach", b"min_score", b"strength"):
        content = b'{"text": "red", "' + field + b'": ' + digits + b"}"
        refused(http.post("/search", content=content, headers=JSON), 400, "input")


def test_thirteen_hundred_blanks_stop_nobody(http: TestClient) -> None:
    said = refused(search(http, text="dress", filters=[" " * 1_300]), 400, "input")
    assert "1300 characters; 500 are allowed" in said
