"""Jobs under way: whose turn it is, what a run does, and how it goes on after the process died."""
