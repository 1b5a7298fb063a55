"""Find, verify and load the models."""
