"""Checks whether pictures show what the record claims, by models fitted on the catalogue itself."""
