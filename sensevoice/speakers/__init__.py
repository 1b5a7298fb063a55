"""Who spoke: windows of speech → voice prints → people → the speaker of every word and row."""
