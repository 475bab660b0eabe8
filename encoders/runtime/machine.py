"""Identifies the machine that a measured choice of runtime is valid for."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from encoders.card import digest_of

PROBE_REVISION = 3
"""Increased when the probe's candidates or limit change, so that cached choices are dropped."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What a measured choice depends on: processor, threads, library versions, a GPU.

    Args:
        cpu: The processor's name and its vector instructions: virtual processors of one name may
            differ in these.
        threads: Processor threads of one pass.
        torch: Version of torch, read without importing it.
        onnxruntime: Version of ONNX Runtime.
        gpu: Whether there is a device of NVIDIA's driver.
    """

    cpu: str
    threads: int
    torch: str
    onnxruntime: str
    gpu: bool

    @property
    def digest(self) -> str:
        """Twelve hexadecimal characters that change with any of the parts but the threads.

        The ranking of the runtimes is the same for one thread and for two, so that one measurement
        serves the program that fits a catalogue and the workers that share the cores.
        """
        parts = {k: v for k, v in asdict(self).items() if k != "threads"}
        return digest_of([PROBE_REVISION, parts])

    @classmethod
    def here(cls, threads: int | None) -> Machine:
        """Return this machine.

        Args:
            threads: Processor threads of one pass; ``None`` for one a usable core.
        """
        return cls(
            cpu=f"{_cpu_line('model name')} {' '.join(sorted(_vector_flags()))}",
            threads=threads or len(os.sched_getaffinity(0)),
            torch=_version("torch"),
            onnxruntime=_version("onnxruntime"),
            gpu=Path("/dev/nvidia0").exists(),
        )


def cpu_has_bf16() -> bool:
    """Return whether the processor multiplies bfloat16 natively; emulation is slower than fp32."""
    return bool(_vector_flags() & {"avx512_bf16", "amx_bf16", "avx_ne_convert"})


def _vector_flags() -> set[str]:
    flags = _cpu_line("flags").split()
    return {flag for flag in flags if flag.startswith(("avx", "amx"))}


@cache
def _cpu_line(key: str) -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    found = (line.partition(":")[2].strip() for line in lines if line.startswith(key))
    return next(found, "")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
