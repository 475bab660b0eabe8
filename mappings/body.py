"""The index body: settings, strict mapping, and the models' identity in ``_meta``."""

from typing import Any

from mappings.blend import Blend
from mappings.calibration import Calibration
from mappings.errors import InputError
from mappings.fields import ENGINES, Engine
from mappings.identity import ModelIdentity
from mappings.schema import SCHEMA_VERSION, Schema

# Each analyzer keeps the tokens of its own script only, so that a bilingual title counts every
# word once and the server's limit of clauses (fields x terms) is spent on one language a token.
_CJK = ["<IDEOGRAPHIC>", "<HIRAGANA>", "<KATAKANA>", "<HANGUL>", "<SINGLE>", "<DOUBLE>"]
ANALYSIS: dict[str, Any] = {
    "filter": {
        # One place's character and pair count as one word, so that queries stay short.
        "shelf_cjk_characters": {"type": "cjk_bigram", "output_unigrams": True},
        "shelf_cjk_only": {"type": "keep_types", "types": _CJK},
        "shelf_latin_only": {"type": "keep_types", "types": ["<ALPHANUM>", "<NUM>"]},
        "shelf_possessive": {"type": "stemmer", "language": "possessive_english"},
        "shelf_stop": {"type": "stop", "stopwords": "_english_"},
        "shelf_stem": {"type": "stemmer", "language": "english"},
    },
    "analyzer": {
        "shelf_zh": {
            "type": "custom",
            "tokenizer": "standard",
            "filter": ["cjk_width", "lowercase", "cjk_bigram", "shelf_cjk_only"],
        },
        "shelf_zh_characters": {
            "type": "custom",
            "tokenizer": "standard",
            "filter": ["cjk_width", "lowercase", "shelf_cjk_characters", "shelf_cjk_only"],
        },
        "shelf_en": {
            "type": "custom",
            "tokenizer": "standard",
            "filter": [
                "cjk_width",
                "shelf_latin_only",
                "shelf_possessive",
                "lowercase",
                "shelf_stop",
                "shelf_stem",
            ],
        },
    },
}


def render(
    schema: Schema,
    identity: ModelIdentity,
    calibration: Calibration,
    *,
    engine: Engine = "opensearch",
    shards: int = 1,
    replicas: int = 0,
) -> dict[str, Any]:
    """Return the whole body with which the index is created.

    Args:
        schema: The columns; its ``dim`` must be the identity's.
        identity: The models that will make the vectors.
        calibration: The signals' scales.
        engine: ``opensearch`` (``knn_vector`` on Lucene) or ``elasticsearch``
            (``dense_vector``).
        shards: Primary shards; k and the rescore window count for each of them.
        replicas: Copies of each shard.

    Raises:
        InputError: Unknown engine, or the schema's dimension is not the models'.
    """
    if engine not in ENGINES:
        raise InputError(f"Engine {engine!r} is not known.", f"Choose one of {', '.join(ENGINES)}.")
    if schema.dim != identity.dim:
        raise InputError(
            f"The columns hold {schema.dim} dimensions, but the models make {identity.dim}.",
            "Create the schema with the space's dimension.",
        )
    index: dict[str, Any] = {
        "number_of_shards": shards,
        "number_of_replicas": replicas,
        "refresh_interval": "1s",
    }
    if engine == "opensearch":
        index["knn"] = True
    return {
        "settings": {"index": index, "analysis": ANALYSIS},
        "mappings": {
            "dynamic": "strict",
            "_meta": {"shelfsight": meta(identity, calibration, schema.blend)},
            "properties": schema.declare(engine),
        },
    }


def meta(
    identity: ModelIdentity, calibration: Calibration, blend: Blend | None = None
) -> dict[str, Any]:
    """Return what the index's ``_meta`` says under ``shelfsight``."""
    return {
        "schema_version": SCHEMA_VERSION,
        "identity": {f: getattr(identity, f) for f in identity.__slots__},
        "digest": identity.digest,
        "calibration": calibration.to_meta(),
    } | ({"blend": blend.to_meta()} if blend else {})
