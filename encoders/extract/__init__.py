"""Extracts attributes from titles, descriptions and pictures, each with its source."""
