"""Queries beyond words and one picture: examples, directions, several of each, speech."""
