"""Fits heads that map pictures into the text space, on a catalogue's own pairs."""
