"""A shop's own request with vectors and the formula added, and nothing of it lost silently."""
