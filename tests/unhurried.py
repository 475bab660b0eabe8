"""Limits for tests on a busy machine: an answer that comes late is not what they test."""

from query.candidates import Budget
from query.engine import Patience

PATIENT = Patience(total=60.0, fused=40.0)
UNHURRIED = Budget(seconds=30.0)
