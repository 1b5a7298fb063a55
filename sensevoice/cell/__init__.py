"""Decoding in a throw-away process: whatever a file does to the decoder costs that file and nothing else.

decoder.py is our side of it, and nursery.py keeps the process ready from which each is forked; child.py
is the other side, wire.py what they say to each other, limits.py what the child may not exceed.
"""

from __future__ import annotations

from sensevoice.cell.decoder import CellDecoder

__all__ = ["CellDecoder"]
