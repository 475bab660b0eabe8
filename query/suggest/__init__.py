"""Suggestions while a person types: from the catalogue's own words and from popular queries."""
