#!/usr/bin/env python3
"""Start the SenseVoice web app; the same as `sensevoice app`. Try --help."""

import sys

from sensevoice.cli.main import run

if __name__ == "__main__":
    sys.exit(run("app"))
