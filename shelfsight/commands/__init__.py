"""The commands, one file for each room; nothing heavy is imported before a command runs."""
