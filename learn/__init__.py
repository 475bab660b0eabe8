"""Learns projections, value taggers and picture checks from catalogues, and evaluates rankings."""
