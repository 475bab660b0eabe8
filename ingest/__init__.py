"""Records in, documents out, nothing lost."""
