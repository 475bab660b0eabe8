"""Media in, unit vectors of one shared space out."""
