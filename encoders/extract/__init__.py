"""Attributes read out of titles, descriptions and pictures, each with where it was found."""
