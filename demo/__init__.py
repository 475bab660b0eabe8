"""The demo: a drawn catalogue, the guided tour over it, and nothing that is not real."""
