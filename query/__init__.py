"""Question in, explained hits out."""
