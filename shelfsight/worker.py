"""The worker's entry point: ``celery -A shelfsight.worker:app worker``."""

from encoders.sandbox.locks import hide
from shelfsight.guard import require_own_packages
from shelfsight.settings import read_settings
from shelfsight.wiring import open_app

hide()  # its environment holds passwords, and its children decode pictures from outside
require_own_packages()
app = open_app(read_settings())
