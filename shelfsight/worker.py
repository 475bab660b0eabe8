"""The worker's entry point: ``celery -A shelfsight.worker:app worker``."""

from shelfsight.guard import require_own_packages
from shelfsight.settings import read_settings
from shelfsight.wiring import open_app

require_own_packages()
app = open_app(read_settings())
