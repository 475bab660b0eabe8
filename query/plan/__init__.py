"""An intent and its vectors translated into one request to the engine."""
