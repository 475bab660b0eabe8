"""Runs vision models: the candidate runtimes, and the probe that measures and chooses one."""
