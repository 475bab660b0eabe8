"""The local stack: a real OpenSearch node, broker and workers, from packages alone."""
