"""Shelfsight: eyes and a memory for an existing shop search."""

__version__ = "0.1.0"
