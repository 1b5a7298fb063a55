"""Who spoke: windows of speech → voice prints → people → the speaker of every word and row.

    windows    where a piece of speech is listened to
    voices     voice prints, kept with the job; model loads CAM++, graph and features are its CPU side
    cluster    how many people there are, and whose each window is
    turns      who speaks when, with changes between words
    tracker    provisional speakers while a file runs; assign gives the final ones

Importing `cluster` imports scipy, `features` torch: do so only where somebody asks who speaks.
"""
