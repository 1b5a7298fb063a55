"""Files of every container with a late start and with holes, and the times that a player would show."""
