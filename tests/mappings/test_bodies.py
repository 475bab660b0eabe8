import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from mappings.body import ANALYSIS, render
from mappings.calibration import Calibration
from mappings.errors import InputError
from mappings.fields import ENGINES, Engine
from mappings.rendered import EXAMPLE_BLEND, EXAMPLE_CALIBRATION, EXAMPLE_IDENTITY, path, text
from mappings.schema import Schema

# What Elasticsearch knows: https://www.elastic.co/docs/reference/elasticsearch/mapping-reference
ELASTIC_PARAMETERS: dict[str, set[str]] = {
    "keyword": {"ignore_above", "index", "fields", "doc_values"},
    "text": {"index", "analyzer", "fields"},
    "binary": {"doc_values", "store"},
    "boolean": set(),
    "date": set(),
    "double": set(),
    "float": set(),
    "long": set(),
    "nested": {"dynamic", "properties"},
    "dense_vector": {"dims", "index", "similarity", "index_options"},
}
ELASTIC_SIMILARITIES = {"cosine", "dot_product", "l2_norm", "max_inner_product"}
ELASTIC_INDEX_OPTIONS = {"hnsw", "int8_hnsw", "int4_hnsw", "bbq_hnsw", "flat"}
ELASTIC_FILTERS = {"cjk_bigram", "keep_types", "stemmer", "stop"}
ELASTIC_BUILT_IN_FILTERS = {"cjk_width", "cjk_bigram", "lowercase"}


def columns(properties: dict[str, Any], above: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, column in properties.items():
        yield above + name, column
        for inner in ("fields", "properties"):
            yield from columns(column.get(inner, {}), f"{above}{name}.")


def body(engine: Engine) -> dict[str, Any]:
    schema = Schema(384, EXAMPLE_BLEND)
    return render(schema, EXAMPLE_IDENTITY, EXAMPLE_CALIBRATION, engine=engine)


@pytest.mark.parametrize("engine", get_args(Engine))
def test_the_checked_in_body_is_what_the_code_renders(engine: Engine) -> None:
    assert path(engine).read_text(encoding="utf-8") == text(engine), (
        "run `python -m mappings.rendered`"
    )


def test_the_command_writes_the_checked_in_bodies(tmp_path: Path) -> None:
    # In a copy, so that a stale file in the checkout is not repaired by its own test.
    package = tmp_path / "mappings"
    source = path("opensearch").parents[1]
    (package / "rendered").mkdir(parents=True)
    for module in [*source.glob("*.py"), *source.glob("rendered/*.py")]:
        (package / module.relative_to(source)).write_bytes(module.read_bytes())
    subprocess.run([sys.executable, "-m", "mappings.rendered"], cwd=tmp_path, check=True)
    for engine in ENGINES:
        assert (package / "rendered" / f"{engine}.json").read_text() == text(engine)


def test_opensearch_vectors_name_the_lucene_engine() -> None:
    rendered = body("opensearch")
    vectors = {
        n: c
        for n, c in columns(rendered["mappings"]["properties"])
        if c.get("type") == "knn_vector"
    }
    cosines = {"text_vector", "image_vector", "attribute_vector", "pictures.vector"}
    assert set(vectors) == {*cosines, "blend_vector"}
    assert {v["method"]["engine"] for v in vectors.values()} == {"lucene"}
    assert {vectors[n]["dimension"] for n in cosines} == {384}
    assert {vectors[n]["method"]["space_type"] for n in cosines} == {"cosinesimil"}
    assert vectors["blend_vector"]["dimension"] == 388
    assert vectors["blend_vector"]["method"]["space_type"] == "innerproduct"
    assert rendered["settings"]["index"]["knn"] is True


def test_elasticsearch_gets_nothing_that_it_does_not_know() -> None:
    rendered = body("elasticsearch")
    for name, column in columns(rendered["mappings"]["properties"]):
        assert column["type"] in ELASTIC_PARAMETERS, name
        assert set(column) - {"type"} <= ELASTIC_PARAMETERS[column["type"]], name
    assert set(rendered["settings"]["index"]) == {
        "number_of_shards",
        "number_of_replicas",
        "refresh_interval",
    }
    assert "knn" not in json.dumps(rendered)


def test_elasticsearch_vectors_are_dense_vectors_within_its_limits() -> None:
    vectors = [
        c
        for _, c in columns(body("elasticsearch")["mappings"]["properties"])
        if c["type"] == "dense_vector"
    ]
    assert sorted(v["dims"] for v in vectors) == [384, 384, 384, 384, 388]
    for vector in vectors:
        assert 1 <= vector["dims"] <= 4096
        assert vector["index"] is True
        assert vector["similarity"] in ELASTIC_SIMILARITIES
        assert vector["similarity"] == ("cosine" if vector["dims"] == 384 else "max_inner_product")
        options = vector["index_options"]
        assert options["type"] in ELASTIC_INDEX_OPTIONS
        assert set(options) == {"type", "m", "ef_construction"}
        assert all(isinstance(options[k], int) for k in ("m", "ef_construction"))


def test_both_engines_have_the_same_columns_and_analysis() -> None:
    ours, theirs = body("opensearch"), body("elasticsearch")
    names = [{n for n, _ in columns(b["mappings"]["properties"])} for b in (ours, theirs)]
    assert names[0] == names[1]
    assert ours["settings"]["analysis"] == theirs["settings"]["analysis"]
    assert ours["mappings"]["_meta"] == theirs["mappings"]["_meta"]


def test_the_analysis_uses_known_filters_only() -> None:
    assert {f["type"] for f in ANALYSIS["filter"].values()} <= ELASTIC_FILTERS
    known = ELASTIC_BUILT_IN_FILTERS | set(ANALYSIS["filter"])
    for analyzer in ANALYSIS["analyzer"].values():
        assert set(analyzer["filter"]) <= known


@pytest.mark.parametrize("engine", ENGINES)
def test_every_analyzer_that_a_column_names_is_declared(engine: Engine) -> None:
    used = {
        c["analyzer"] for _, c in columns(body(engine)["mappings"]["properties"]) if "analyzer" in c
    }
    assert used == set(ANALYSIS["analyzer"])


@pytest.mark.parametrize("engine", ENGINES)
def test_mappings_are_strict_all_the_way_down(engine: Engine) -> None:
    mapping = body(engine)["mappings"]
    assert mapping["dynamic"] == "strict"
    assert mapping["properties"]["pictures"]["dynamic"] == "strict"


def test_meta_holds_identity_digest_and_calibration() -> None:
    ours = body("opensearch")["mappings"]["_meta"]["shelfsight"]
    assert ours["digest"] == EXAMPLE_IDENTITY.digest
    assert ours["identity"]["projection"] == "example-projection"
    assert Calibration.from_meta(ours["calibration"]) == EXAMPLE_CALIBRATION


def test_another_dimension_than_the_models_is_refused_with_both_numbers() -> None:
    with pytest.raises(InputError, match=r"512 dimensions.*384"):
        render(Schema(512), EXAMPLE_IDENTITY, EXAMPLE_CALIBRATION)


def test_an_unknown_engine_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"'solr'.*opensearch, elasticsearch"):
        render(
            Schema(384),
            EXAMPLE_IDENTITY,
            EXAMPLE_CALIBRATION,
            engine="solr",  # type: ignore[arg-type]
        )


def test_shards_and_replicas_are_as_asked() -> None:
    index = render(Schema(384), EXAMPLE_IDENTITY, EXAMPLE_CALIBRATION, shards=3, replicas=2)
    settings = index["settings"]["index"]
    assert (settings["number_of_shards"], settings["number_of_replicas"]) == (3, 2)
