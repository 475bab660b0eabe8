"""Synonyms and rules that a shop edits at run time, without touching its index."""
