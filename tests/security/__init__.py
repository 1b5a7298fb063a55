"""One test for each way in that was found, against the running program over real sockets."""
