"""Samples to the spans that hold speech (fsmn-vad)."""
