"""Decodes each file in a disposable, confined process, so that a file that crashes it affects nothing else.

parallel.py yields the samples of one worker, or of several at once for a long file; policy.py decides how
many. handle.py is the parent's side of a worker and worker.py its own; fork_server.py keeps the process from
which workers are forked; splitting.py reads ranges of a file, protocol.py defines the messages, limits.py
the resource limits.
"""

from __future__ import annotations

from sensevoice.audio.worker.parallel import ParallelDecoder

__all__ = ["ParallelDecoder"]
