"""The environment of our own processes in the stack: named variables, not all of a shell's."""

import os
from collections.abc import Mapping
from pathlib import Path

_OURS = "SHELFSIGHT_"
_NAMES = frozenset((
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ",
    "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "LD_LIBRARY_PATH",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy",
    "all_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE", "HF_HOME", "HF_HUB_CACHE", "HF_ENDPOINT", "HF_TOKEN", "HF_TOKEN_PATH",
    "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "TORCH_HOME", "CUDA_VISIBLE_DEVICES",
    "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PYTHONUNBUFFERED",
    "PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED",
))  # fmt: skip
"""Where programs, caches, models, certificates and proxies are, and how many threads to use."""
_MORE = "SHELFSIGHT_PASS_ENV"
"""Names more of them, with commas between, such as the key of an encoder of one's own."""


def passed_on(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what our processes in the stack get of an environment.

    Args:
        environ: Of the program that starts the stack. SHELFSIGHT_PASS_ENV in it names variables
            that go along, beside Shelfsight's own and the usual ones.
    """
    more = {name.strip() for name in environ.get(_MORE, "").split(",")}
    kept = {
        name: value
        for name, value in environ.items()
        if name.startswith(_OURS) or name in _NAMES or name in more
    }
    return {**kept, "PYTHONPATH": import_path(environ)}


def import_path(environ: Mapping[str, str]) -> str:
    """Return PYTHONPATH for our processes: our packages, then what it names from the root.

    A relative or empty entry would be the working folder, whatever lies there.
    """
    own = str(Path(__file__).resolve().parents[2])
    given = environ.get("PYTHONPATH", "").split(os.pathsep)
    return os.pathsep.join([own, *filter(os.path.isabs, given)])
