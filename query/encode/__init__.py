"""A request's words, pictures and examples as vectors."""
