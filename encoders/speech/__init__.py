"""Transcribes speech: transcribers by name, and sandboxed decoding of audio."""
