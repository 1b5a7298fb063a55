"""The environment of the process, and its supervisor."""
