"""Numbers from the record."""
