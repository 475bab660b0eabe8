"""Stages: what the workers make of a product: features, vectors, the document."""
