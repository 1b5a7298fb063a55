"""The model's raw text to text, tags and words."""
