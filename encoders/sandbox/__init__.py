"""Processes that read bytes from outside and can do nothing else: their locks and their pipes."""

from encoders.sandbox.process import ProtocolError, SealedProcess

__all__ = ["ProtocolError", "SealedProcess"]
