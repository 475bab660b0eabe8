"""The worker's entry point in tests: ``celery -A ingest_worker``."""

import dataclasses
import os
from pathlib import Path

from ingest.celery_app import build_app
from ingest.options import WorkerOptions

_options = WorkerOptions.from_json(Path(os.environ["INGEST_TEST_OPTIONS"]).read_text())
app = build_app(dataclasses.replace(_options, broker_url=os.environ["INGEST_TEST_BROKER"]))
app.conf.include = [*app.conf.include, "ingest_poison"]
