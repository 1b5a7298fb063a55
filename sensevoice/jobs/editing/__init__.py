"""What people change in a finished job: text and tags, who speaks, spans that are recognised again."""
