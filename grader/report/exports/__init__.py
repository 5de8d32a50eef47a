"""Files other programs read, one format per file, each with a function ``text``."""
