"""Do the pictures show what the record says? Learned from a catalogue, which checks itself."""
