"""Trains the token tagger: examples, synthetic text, training loop, report."""
