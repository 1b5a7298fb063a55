"""Where the stages meet: a file to its transcript."""
