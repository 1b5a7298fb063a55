"""Spans and samples to the chunks that are recognised."""
