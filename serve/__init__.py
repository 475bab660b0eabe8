"""HTTP over the query engine."""
