"""Importing this lets a script find `sensevoice` and `tests` beside its folder, wherever it is started."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))
