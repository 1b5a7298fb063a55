"""Analysis of the record: coverage, diagnostics, highlights, statistics."""
