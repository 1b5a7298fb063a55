"""The command line: `sensevoice app`, `transcribe`, `download`; see main.py."""
