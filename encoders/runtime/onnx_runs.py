"""Runs a vision model with ONNX Runtime: exported once, then loaded without torch."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from encoders.extras import require
from encoders.runtime.model import Batch, Runner, VisionModel

EXPORT_REVISION = 1
EXPORTED = f"model-{EXPORT_REVISION}.onnx"
EIGHT_BITS = f"model-{EXPORT_REVISION}-int8.onnx"


def onnx_runner(path: Path, threads: int) -> Runner:
    """Return a session over an exported file; torch is not imported.

    Args:
        path: What ``export`` wrote.
        threads: Processor threads of one pass.
    """
    runtime = require("onnxruntime", extra="", model=path.name)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Workers share the cores: idle threads must not spin.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = runtime.InferenceSession(
        str(path), sess_options=options, providers=["CPUExecutionProvider"]
    )

    def run(batch: Batch) -> NDArray[np.float32]:
        features = session.run(None, {"pixels": batch})[0]
        return np.asarray(features, dtype=np.float32)

    return run


def export(model: VisionModel, path: Path) -> None:
    """Write the model, normalisation included, as an ONNX file that takes uint8 pixels.

    Args:
        model: What to export.
        path: The file, written atomically.
    """
    import torch
    from torch import nn

    network = model.build().eval()

    class FromPixels(nn.Module):
        """The network behind its normalisation: uint8 (n, edge, edge, 3) in."""

        def __init__(self) -> None:
            super().__init__()
            self.network = network
            self.mean = nn.Buffer(torch.tensor(model.mean).view(1, 3, 1, 1))
            self.std = nn.Buffer(torch.tensor(model.std).view(1, 3, 1, 1))

        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            floats = pixels.permute(0, 3, 1, 2).float()
            out: torch.Tensor = self.network((floats - self.mean) / self.std)
            return out

    whole = FromPixels().eval()
    sample = torch.zeros((1, model.size.edge, model.size.edge, 3), dtype=torch.uint8)

    def write(to: Path) -> None:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # the tracing exporter warns that it is deprecated
            torch.onnx.export(
                whole,
                (sample,),
                str(to),
                input_names=["pixels"],
                output_names=["features"],
                dynamic_axes={"pixels": {0: "n"}, "features": {0: "n"}},
                opset_version=17,
                dynamo=False,
            )
        # The exporter may switch to training mode, which would export dropout.
        assert not any(part.training for part in whole.modules())

    _whole_or_not(path, write)


def quantise(source: Path, path: Path, pictures: Batch) -> None:
    """Quantize an exported model to eight bits; its vectors are less exact.

    Args:
        source: What ``export`` wrote.
        path: The file.
        pictures: uint8 (n, edge, edge, 3) over which activation ranges are measured.
    """
    require("onnx", extra="", model="int8")
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Pictures(quantization.CalibrationDataReader):  # type: ignore[misc]
        """Gives the calibration pictures one at a time."""

        def __init__(self) -> None:
            self._left = iter(pictures)

        def get_next(self) -> dict[str, Batch] | None:
            """Return the next input, ``None`` at the end."""
            picture = next(self._left, None)
            return None if picture is None else {"pixels": picture[None]}

    def write(to: Path) -> None:
        prepared = to.with_suffix(".prepared")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
            quantization.quantize_static(
                str(prepared),
                str(to),
                Pictures(),
                per_channel=True,
                quant_format=quantization.QuantFormat.QDQ,
            )
        prepared.unlink()

    _whole_or_not(path, write)


def _whole_or_not(path: Path, write: Callable[[Path], None]) -> None:
    """Let ``write`` fill a temporary file, and rename it when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".writing-") as folder:
        made = Path(folder) / path.name
        write(made)
        os.replace(made, path)
