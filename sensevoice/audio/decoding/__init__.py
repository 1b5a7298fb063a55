"""Decoders of files: PyAV, or the ffmpeg program, to blocks at 16 kHz on the file's clock."""
