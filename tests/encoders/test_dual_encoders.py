import io
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dual_models import KINDS, save_tiny_dual
from fixtures_models import save_tiny_bert, shoe
from PIL import Image

from encoders.attributes import AttributeWeights
from encoders.dual.model import load_dual
from encoders.pictures import decode
from encoders.protocol import ImageEncoder, TextEncoder, Vectors, unit_rows
from encoders.registry import load_image_encoder, load_text_encoder
from encoders.space import Space, load_space
from mappings.errors import UnknownModel

pytestmark = pytest.mark.models
TEXTS = ["red shoes", "Red Shoes", "红色 连衣裙", "", "a black dress, 20"]
Saved = Callable[[str], str]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    root = tmp_path_factory.mktemp("dual")

    @cache
    def folder(kind: str) -> str:
        return save_tiny_dual(kind, root / kind)

    return folder


def both(folder: str) -> tuple[TextEncoder, ImageEncoder]:
    return load_text_encoder(f"clip:{folder}"), load_image_encoder(f"clip:{folder}", threads=1)


def png(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


def library(folder: str) -> tuple[Any, Any]:
    """Model and processor as a user of transformers alone would load them."""
    import transformers

    auto: Any = transformers.AutoProcessor
    return transformers.AutoModel.from_pretrained(folder).eval(), auto.from_pretrained(folder)


def features(answer: Any) -> Vectors:
    rows = getattr(answer, "pooler_output", answer)
    return unit_rows(rows.detach().numpy())


@pytest.mark.parametrize("kind", KINDS)
def test_texts_are_what_the_library_makes_of_them(saved: Saved, kind: str) -> None:
    import torch

    text, _ = both(saved(kind))
    model, processor = library(saved(kind))
    padding: dict[str, Any] = {"padding": True}
    if kind.startswith("siglip"):  # as its documentation asks for
        padding = {"padding": "max_length", "truncation": True, "max_length": 24}
    with torch.inference_mode():
        wanted = model.get_text_features(**processor(text=TEXTS, return_tensors="pt", **padding))
    np.testing.assert_allclose(text.encode_query(TEXTS), features(wanted), atol=2e-5)
    assert text.card.dim == features(wanted).shape[1]


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_are_what_the_library_makes_of_them(saved: Saved, kind: str) -> None:
    import torch

    _, image = both(saved(kind))
    model, processor = library(saved(kind))
    # Of the size that the preprocessor resizes to: what follows must agree to the last digits.
    side = {"clip": 40, "siglip2": 256}.get(kind, 32)
    picture = shoe().resize((side, side))
    with torch.inference_mode():
        wanted = model.get_image_features(**processor(images=picture, return_tensors="pt"))
    rows = image.encode_products([decode(png(picture), image.size)])
    np.testing.assert_allclose(rows, features(wanted), atol=2e-5)


@pytest.mark.parametrize("kind", ["clip", "siglip", "chinese_clip"])
def test_pictures_of_any_shape_are_cropped_or_stretched_as_the_library_does(
    saved: Saved, kind: str
) -> None:
    _, processor = library(saved(kind))
    _, image = both(saved(kind))
    picture = shoe().crop((60, 120, 560, 460))
    ours = decode(png(picture), image.size).astype(np.float64)
    seen = processor(images=picture, return_tensors="np")["pixel_values"][0]
    mean = np.array(processor.image_processor.image_mean)[:, None, None]
    std = np.array(processor.image_processor.image_std)[:, None, None]
    theirs = (255 * (seen * std + mean)).transpose(1, 2, 0)
    assert np.abs(ours - theirs).mean() < 3.0  # the rounding of two resizers
    assert np.abs(ours[:, ::-1] - theirs).mean() > 10.0


@pytest.mark.parametrize("kind", KINDS)
def test_both_towers_are_one_loaded_model_and_one_space(saved: Saved, kind: str) -> None:
    text, image = both(saved(kind))
    assert (text.card.space, text.card.dim) == (image.card.space, image.card.dim)
    assert text.card.digest != image.card.digest
    assert load_dual(saved(kind), "") is load_dual(saved(kind), "")
    assert text._model is load_dual(saved(kind), "")  # type: ignore[attr-defined]


def test_long_texts_are_cut_where_the_model_ends(saved: Saved) -> None:
    for kind, limit in (("clip", 20), ("siglip", 24), ("chinese_clip", 52)):
        text, _ = both(saved(kind))
        assert load_dual(saved(kind), "").token_limit == limit
        long = "a " * 400
        rows = text.encode_products([long, long + "red"])
        np.testing.assert_array_equal(rows[0], rows[1])


def test_siglip_reads_lower_case_and_chinese_reads_chinese(saved: Saved) -> None:
    siglip, _ = both(saved("siglip"))
    np.testing.assert_array_equal(siglip.encode_query(["RED"]), siglip.encode_query(["red"]))
    chinese, _ = both(saved("chinese_clip"))
    red, black = chinese.encode_query(["红色 连衣裙", "黑色 连衣裙"])
    assert not np.allclose(red, black, atol=1e-3)


def test_prefixes_are_put_before_queries_and_products(saved: Saved) -> None:
    plain, _ = both(saved("clip"))
    name = f"clip:{saved('clip')}?query_prefix=a photo of &passage_prefix=a: "
    prefixed = load_text_encoder(name)
    np.testing.assert_allclose(
        prefixed.encode_query(["red"]), plain.encode_query(["a photo of red"]), atol=1e-6
    )
    np.testing.assert_allclose(
        prefixed.encode_products(["red"]), plain.encode_query(["a: red"]), atol=1e-6
    )
    assert prefixed.card.preprocessing != plain.card.preprocessing
    again = load_text_encoder(prefixed.loads_as)  # type: ignore[attr-defined]
    assert again.card == prefixed.card


def test_a_space_of_a_dual_model_needs_no_projection_and_loads_again(
    saved: Saved, tmp_path: Path
) -> None:
    text, image = both(saved("siglip"))
    space = Space(text, image, AttributeWeights(1, {}))
    assert space.identity.projection == ""
    space.save(tmp_path / "space")
    again = load_space(tmp_path / "space", threads=1)
    assert again.identity == space.identity
    assert json.loads((tmp_path / "space" / "space.json").read_text())["projected"] is False


def test_other_weights_or_another_preprocessing_are_another_model(
    saved: Saved, tmp_path: Path
) -> None:
    text, image = both(saved("clip"))
    copy = Path(shutil.copytree(saved("clip"), tmp_path / "clip"))
    settings = json.loads((copy / "preprocessor_config.json").read_text())
    settings["image_mean"] = [0.5, 0.5, 0.5]
    (copy / "preprocessor_config.json").write_text(json.dumps(settings))
    _, other = both(str(copy))
    assert other.card.revision == image.card.revision
    assert other.card.preprocessing != image.card.preprocessing
    import torch

    torch.manual_seed(8)
    assert both(save_tiny_dual("siglip", tmp_path / "other"))[0].card.revision != (
        text.card.revision
    )


def test_threads_may_share_the_towers(saved: Saved) -> None:
    text, _ = both(saved("chinese_clip"))
    wanted = text.encode_query(TEXTS)
    found: list[Vectors] = []

    def ask() -> None:
        found.extend(text.encode_query(TEXTS) for _ in range(5))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 20
    for rows in found:
        np.testing.assert_allclose(rows, wanted, atol=1e-6)


def test_a_text_model_is_no_dual_model(tmp_path: Path) -> None:
    folder = save_tiny_bert(tmp_path / "bert")
    with pytest.raises(UnknownModel, match="cannot be loaded"):  # it has no preprocessor
        load_text_encoder(f"clip:{folder}")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("clip:", "names no folder"),
        ("clip:/no/such/folder", "no folder"),
        ("clip:./neither/this", "no folder"),
        ("clip:somewhere?prefix=x", "'prefix'"),
    ],
)
def test_a_name_that_cannot_be_loaded_says_why(name: str, words: str) -> None:
    for load in (load_text_encoder, load_image_encoder):
        with pytest.raises(UnknownModel, match=words) as caught:
            load(name)
        assert caught.value.cure


def test_a_broken_folder_says_what_belongs_there(saved: Saved, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(saved("clip"), tmp_path / "broken"))
    (copy / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(UnknownModel, match="broken") as caught:
        load_text_encoder(f"clip:{copy}")
    assert "model.safetensors" in caught.value.cure


def test_a_hub_that_cannot_be_reached_is_named(tmp_path: Path) -> None:
    script = (
        "from encoders.registry import load_image_encoder\n"
        "from mappings.errors import UnknownModel\n"
        "try: load_image_encoder('clip:someone/some-clip?revision=abc')\n"
        "except UnknownModel as error: print(error.problem, error.cure)\n"
    )
    surroundings = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    answer = subprocess.run(
        [sys.executable, "-c", script], env=surroundings, capture_output=True, text=True,
        cwd=Path(__file__).parents[2], check=True,
    )  # fmt: skip
    assert "'someone/some-clip' at revision 'abc'" in answer.stdout
    assert "the hub cannot be reached" in answer.stdout
    assert "clip:FOLDER" in answer.stdout
