#!/usr/bin/env python3
"""Transcribe every audio and video file of a folder; the same as `sensevoice transcribe`. Try --help."""

import sys

import _root  # noqa: F401

from sensevoice.cli.main import run

if __name__ == "__main__":
    sys.exit(run("transcribe"))
