"""Pictures into the text space, learned from a catalogue's own pairs."""
