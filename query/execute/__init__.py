"""A plan run: requests sent, replies read, windows ordered and paged."""
