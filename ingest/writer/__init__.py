"""The writer: which index is written, bulk requests and their outcomes, what is stored there."""
