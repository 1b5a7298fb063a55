"""`python -m sensevoice.cli.check`, where the command `sensevoice` is not installed."""

from __future__ import annotations

import sys

from sensevoice.cli.check import main

sys.exit(main())
