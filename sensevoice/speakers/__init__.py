"""Who spoke: windows of speech → voice prints → people → the speaker of every word and row.

    windows    where a piece of speech is listened to
    voices     voice prints, kept with the job; models/voice_encoder runs CAM++ on graph and features
    cluster    how many people there are, and whose each window is
    turns      who speaks when, with changes between words
    assign     the final speakers; transcribe/speaker_tracker gives provisional ones while a file runs

Importing `cluster` imports scipy, `features` torch: do so only where somebody asks who speaks.
"""
