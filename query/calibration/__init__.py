"""The scales of the signals, measured on a catalogue."""
