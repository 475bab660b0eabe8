"""Sandboxed processes that read untrusted bytes: their restrictions and their pipes."""

from encoders.sandbox.process import ProtocolError, SealedProcess

__all__ = ["ProtocolError", "SealedProcess"]
