"""What Python and the pages' scripts share: texts in both languages, colours, and the scripts' bundler."""
