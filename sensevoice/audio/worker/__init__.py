"""Decoding in a throw-away process: whatever a file does to the decoder costs that file and nothing else.

relay.py hands out what comes of it, or of several processes at once for a long file. decoder.py is our side
of one process, and fork_server.py keeps the process ready from which each is forked; child.py is the other
side, reader.py what it cuts, wire.py what they say to each other, limits.py what it may not exceed.
"""

from __future__ import annotations

from sensevoice.audio.worker.parallel import ParallelDecoder

__all__ = ["ParallelDecoder"]
