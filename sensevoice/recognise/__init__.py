"""Chunks to the model's raw text, tokens and scores."""
