#!/usr/bin/env python3
"""Set, change or remove a login in the file of --auth-file; the same as `sensevoice passwd`. Try --help."""

import sys

import _root  # noqa: F401

from sensevoice.cli.main import run

if __name__ == "__main__":
    sys.exit(run("passwd"))
