"""Every published figure comes from a command here: ``python -m bench.NAME``."""
