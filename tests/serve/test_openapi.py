import dataclasses
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from query.model.facet_results import Bucket, FacetCount
from query.model.mixture import Mixture
from query.model.request import SearchRequest
from query.model.result import (
    Contribution,
    Explanation,
    Hit,
    MatchedPicture,
    MatchedWord,
    SearchResult,
)
from serve.examples import SEARCH_BODY
from serve.openapi import PATH, document
from serve.questions import _question
from serve.schemas import (
    BucketAnswer,
    ContributionAnswer,
    ExplanationAnswer,
    FacetAnswer,
    HitAnswer,
    PictureAnswer,
    Problem,
    SearchAnswer,
    SearchBody,
    WordAnswer,
)

DOCUMENT: dict[str, Any] = json.loads(document())
EXAMPLES = SEARCH_BODY["content"]["application/json"]["examples"]


def test_the_checked_in_document_is_what_the_code_says() -> None:
    assert PATH.read_text(encoding="utf-8") == document(), "run `python -m serve.openapi`"


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert "#/components/schemas/SearchBody" in found
    for reference in found:
        inner: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            inner = inner[part]


def test_the_document_names_every_status_with_its_body() -> None:
    responses = DOCUMENT["paths"]["/search"]["post"]["responses"]
    assert set(responses) == {"200", "400", "408", "409", "413", "415", "429", "503"}
    assert "Retry-After" in responses["503"]["headers"]
    for status, response in responses.items():
        if status != "200":
            content = response["content"]["application/json"]
            assert content["schema"]["$ref"].endswith("/Problem")
            assert Problem.model_validate(content["example"]).status == int(status)
    assert set(DOCUMENT["paths"]["/health"]["get"]["responses"]) == {"200", "503"}


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_a_request_that_is_accepted(name: str) -> None:
    body = SearchBody.model_validate_json(json.dumps(EXAMPLES[name]["value"]))
    assert isinstance(_question(body, ()), SearchRequest)


def test_the_form_has_the_fields_of_the_json_body() -> None:
    form = SEARCH_BODY["content"]["multipart/form-data"]["schema"]["properties"]
    assert set(form) == set(SearchBody.model_fields)


def test_the_body_has_the_fields_of_the_engines_request() -> None:
    own = {f.name for f in dataclasses.fields(SearchRequest)} - {"mixture"}
    mixed = {f.name for f in dataclasses.fields(Mixture)}
    assert set(SearchBody.model_fields) == own | mixed
    body = SearchBody(text="a")
    request = _question(body, ())
    assert request == SearchRequest("a"), "the same defaults"


@pytest.mark.parametrize(
    ("model", "value", "more"),
    [
        (SearchAnswer, SearchResult, set()),
        (HitAnswer, Hit, set()),
        (ExplanationAnswer, Explanation, set()),
        (WordAnswer, MatchedWord, set()),
        (FacetAnswer, FacetCount, set()),
        (BucketAnswer, Bucket, set()),
        (PictureAnswer, MatchedPicture, set()),
    ],
)
def test_the_answers_mirror_the_engines_values(model: Any, value: Any, more: set[str]) -> None:
    assert set(model.model_fields) == {f.name for f in dataclasses.fields(value)} | more


def test_contributions_are_mirrored_too() -> None:
    assert set(ContributionAnswer.model_fields) == set(Contribution._fields)


def test_the_application_is_described_without_loading_a_model() -> None:
    code = "import sys, serve.openapi as o; o.document(); print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=PATH.parents[1],
    )
    assert done.stdout.strip() == "False"
