"""Wiring: settings become the objects that programs use. The only place that knows all rooms."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mappings.connection import Connection
from mappings.errors import BrokerUnreachable, NodeUnreachable
from shelfsight.cursor_key import cursor_key
from shelfsight.settings import Settings, cores, home, settings_file

if TYPE_CHECKING:
    from celery import Celery
    from opensearchpy import OpenSearch

    from encoders.extract.extractor import Extractor
    from encoders.query_expander import VisualQueryExpander
    from encoders.space import Space
    from ingest.ledger.ledger import Ledger
    from ingest.options import WorkerOptions
    from query.encode.subject_finder import SubjectFinder
    from query.engine import SearchEngine
    from shelfsight.local.child import Service
    from shelfsight.local.plan import Endpoints


API_PORT = 8000


def node_address(settings: Settings) -> str:
    """Return the node's URL: the settings', else the running local stack's.

    Raises:
        NodeUnreachable: Neither is there.
    """
    if settings.node_url:
        return settings.node_url
    if address := _stack(settings)[0]:
        return address
    raise NodeUnreachable(
        "No OpenSearch node is known: the local stack is not running.",
        "Start it with `shelfsight up`, or set SHELFSIGHT_NODE_URL.",
    )


def broker_address(settings: Settings) -> str:
    """Return the broker's URL: the settings', else the running local stack's.

    Raises:
        BrokerUnreachable: Neither is there.
    """
    if own := settings.broker_url.get_secret_value():
        return own
    if address := _stack(settings)[1]:
        return address
    raise BrokerUnreachable(
        "No message broker is known: the local stack is not running.",
        "Start it with `shelfsight up`, or set SHELFSIGHT_BROKER_URL.",
    )


def _stack(settings: Settings) -> tuple[str, str]:
    from shelfsight.local.state import status

    state = status(home(settings))
    return (state.node_url, state.broker_url) if state.stage == "ready" else ("", "")


def open_connection(settings: Settings) -> Connection:
    """Return how to reach the node, with the settings' credentials.

    Raises:
        NodeUnreachable: No node is known.
    """
    return settings.connection(node_address(settings))


def open_client(settings: Settings) -> "OpenSearch":
    """Return a client of the node; nothing is sent yet.

    Raises:
        NodeUnreachable: No node is known.
    """
    client: OpenSearch = open_connection(settings).open()
    return client


def require_node(settings: Settings) -> None:
    """Ask the node for the alias, before models are loaded for what it would refuse.

    Raises:
        NodeUnreachable: No node is known, or it does not answer.
        StackError: It refuses the user, or its certificate is not trusted.
        InputError: The alias is an index's name.
    """
    from contextlib import closing

    from mappings.index import alias_targets

    with closing(open_client(settings)) as client:
        alias_targets(client, settings.alias)


def require_servers(settings: Settings) -> None:
    """Ask the servers that the settings name, if any, whether they are there.

    Raises:
        NodeUnreachable: The node does not answer.
        BrokerUnreachable: The broker does not answer.
        StackError: One refuses the user, or its certificate is not trusted.
    """
    if settings.node_url:
        require_node(settings)
    if broker := settings.broker_url.get_secret_value():
        from celery import Celery

        from ingest.sender import Sender

        Sender(Celery(broker=broker, set_as_current=False)).ping()


def open_ledger(settings: Settings) -> "Ledger":
    """Return the ledger of the settings' alias."""
    from ingest.ledger.ledger import Ledger

    return Ledger(ledger_path(settings))


def ledger_path(settings: Settings) -> Path:
    """Return the ledger's file, one for each alias, in a folder for its owner only."""
    from shelfsight.local.folder import private_folder

    return private_folder(home(settings) / "ledgers") / f"{settings.alias}.sqlite"


def spool_path(settings: Settings) -> Path:
    """Return the folder of the vectors' spool, shared by all aliases, for its owner only."""
    from shelfsight.local.folder import private_folder

    return private_folder(home(settings) / "spool")


def model_cache(settings: Settings) -> Path:
    """Return the folder of exported models and measured choices, shared by all projects."""
    from shelfsight.local.folder import cache_folder

    return cache_folder(os.environ) / "models"


def worker_options(settings: Settings) -> "WorkerOptions":
    """Return what the worker processes are told.

    Raises:
        NodeUnreachable: No node is known.
        BrokerUnreachable: No broker is known.
    """
    from ingest.options import WorkerOptions
    from shelfsight.spaces import space_path

    return WorkerOptions(
        broker_url=broker_address(settings),
        connection=open_connection(settings),
        alias=settings.alias,
        ledger=ledger_path(settings),
        spool=spool_path(settings),
        space=space_path(settings),
        text_model=settings.text_model,
        image_model=settings.image_model,
        image_runtime=settings.image_runtime,
        cache=model_cache(settings),
        concurrency=settings.concurrency,
        object_classes=settings.object_classes,
        prefix=f"shelfsight:{settings.alias}:",
    )


def open_app(settings: Settings) -> "Celery":
    """Return the Celery application that sends tasks, and that the workers run.

    Raises:
        BrokerUnreachable: No broker is known.
    """
    from ingest.celery_app import build_app

    return build_app(worker_options(settings))


def open_space(settings: Settings) -> "Space":
    """Return the models and the projection that the alias's index was made with.

    Raises:
        InputError: No catalogue has been prepared for this alias.
    """
    from encoders.space import load_space
    from shelfsight.spaces import require_prepared

    return load_space(
        require_prepared(settings),
        threads=cores(),
        runtime=settings.image_runtime,
        cache=model_cache(settings),
    )


def tagger_path(settings: Settings) -> Path:
    """Return the folder of the alias's trained tagger, whether there is one or not."""
    return home(settings) / "taggers" / settings.alias


def open_extractor(settings: Settings) -> "Extractor":
    """Return what reads attributes out of texts: the trained tagger where there is one.

    Raises:
        InputError: The alias's gazetteer or tagger cannot be read.
    """
    from ingest.stages.enrich import open_extractor as opened
    from shelfsight.spaces import space_path

    tagger = tagger_path(settings)
    return opened(space_path(settings), tagger if tagger.is_dir() else None)


def open_engine(settings: Settings) -> "SearchEngine":
    """Return the search engine over the alias, its models loaded.

    Raises:
        NodeUnreachable: No node is known.
        InputError: No catalogue has been prepared for this alias.
    """
    from encoders.pictures import QUESTION_LIMITS, PictureDecoder
    from query.engine import SearchEngine
    from query.model.profiles import load_profiles
    from query.understand.catalogue_reading import catalogue_reading

    space = open_space(settings)
    client = open_client(settings)
    return SearchEngine(
        client,
        settings.alias,
        space.identity,
        text=space.text,
        image=space.image,
        decoder=PictureDecoder(QUESTION_LIMITS) if space.image else None,
        subject_finder=_subject_finder(settings) if space.image else None,
        sight=open_sight(settings, space),
        profiles=load_profiles(settings.config),
        cursor_key=cursor_key(home(settings)),
        reading=catalogue_reading(
            client,
            settings.alias,
            parse_english=settings.parse_english,
            record=settings.record_queries,
        ),
    )


def open_sight(settings: Settings, space: "Space") -> "VisualQueryExpander | None":
    """Return what knows how words look; encoders made for each other, such as CLIP's, need none."""
    from encoders.adapter import adapter_of
    from encoders.concepts.factory import make_concept_expander
    from encoders.query_expander import VisualQueryExpander

    if space.projection is None:
        return None
    return VisualQueryExpander(
        make_concept_expander(space.text, model_cache(settings)), adapter_of(space.projection)
    )


def _subject_finder(settings: Settings) -> "SubjectFinder":
    """Return what finds the subject of an upload: the settings' detector, else by eye.

    Raises:
        UnknownModel: There is no such detector, or it cannot be loaded here.
    """
    from encoders.detect import load_detector
    from encoders.pictures import QUESTION_LIMITS, PictureDecoder
    from query.encode.subject_finder import SubjectFinder

    detector = load_detector(settings.detector) if settings.detector else None
    return SubjectFinder(PictureDecoder(QUESTION_LIMITS), detector)


def stack_services(settings: Settings, endpoints: "Endpoints") -> "Sequence[Service]":
    """Return our own programs in the local stack: the worker pool and the search program."""
    from shelfsight.local.child import Service
    from shelfsight.local.ports import choose
    from shelfsight.local.workers import worker_service

    known = _service_settings(settings) | {
        "SHELFSIGHT_NODE_URL": endpoints.node_url,
        "SHELFSIGHT_BROKER_URL": endpoints.broker_url,
    }
    worker = worker_service(
        ("-A", "shelfsight.worker:app", "worker", "--loglevel", "INFO", "--without-gossip"),
        known,
        name=worker_name(settings),
    )
    port = _own_api_port(settings) or choose("the search program", settings.api_port, API_PORT, ())
    api = Service(
        "api",
        (sys.executable, "-P", "-m", "shelfsight", "serve", "--port", str(port)),
        known,
        probe=f"http://127.0.0.1:{port}/openapi.json",
    )
    return (worker, api)


def _service_settings(settings: Settings) -> dict[str, str]:
    """Return the settings that would mean another file to a service, which runs elsewhere."""
    from shelfsight.local.folder import cache_folder

    file = settings_file(os.environ)
    located = ("text_model", "image_model", "detector", "transcriber", "node_ca", "config")
    return {
        "SHELFSIGHT_HOME": str(home(settings)),
        "SHELFSIGHT_ALIAS": settings.alias,
        "SHELFSIGHT_CACHE": str(cache_folder(os.environ)),
        "SHELFSIGHT_ENV_FILE": str(file) if file and file.is_file() else "",
    } | {
        f"SHELFSIGHT_{name.upper()}": str(getattr(settings, name))
        for name in located
        if name in settings.model_fields_set
    }


def worker_name(settings: Settings) -> str:
    """Return what the alias's worker pool is called in the local stack."""
    return f"worker-{settings.alias}"


def _own_api_port(settings: Settings) -> int:
    """Return the port that our own search program listens on already, 0 for none."""
    from urllib.parse import urlsplit

    from shelfsight.local.state import status

    running = {p.name: p for p in status(home(settings)).processes if p.stage == "ready"}
    return urlsplit(running["api"].url).port or 0 if "api" in running else 0
