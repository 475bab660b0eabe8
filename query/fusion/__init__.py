"""Fusions: ways of making one ranking of several legs, each its own type with its own numbers."""
