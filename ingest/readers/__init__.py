"""Readers: one file of this folder for each format of a catalogue; all stream."""
