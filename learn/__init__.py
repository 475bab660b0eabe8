"""Behaviour, judgments and catalogues into weights and projections."""
