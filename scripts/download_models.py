#!/usr/bin/env python3
"""Fetch and verify both models without starting anything; the same as `sensevoice download`. Try --help."""

import sys

import _root  # noqa: F401

from sensevoice.cli.main import run

if __name__ == "__main__":
    sys.exit(run("download"))
