"""Limits for tests on a busy machine: an answer that comes late is not what they test."""

from query.engine import Patience
from query.plan.budget import Budget

PATIENT = Patience(total=60.0, fused=40.0)
UNHURRIED = Budget(seconds=30.0)
