"""Where models come from: the bundled ones, a directory, or a hub; and whether their files are whole."""
