"""From the model's raw text to text, tags and words."""
