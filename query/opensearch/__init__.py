"""Requests to the engine: how they are sent, and what their failures mean."""
