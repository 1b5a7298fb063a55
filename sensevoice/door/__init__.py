"""Who may come in, and with what: what stands in front of every request.

rules.py decides, with what origins.py and routes.py know; guard.py asks it for each request; headers.py
marks the answers; slow.py makes guessing take its time.
"""

from __future__ import annotations

from sensevoice.door.guard import Guard
from sensevoice.door.rules import COOKIE, Door, Request

__all__ = ["COOKIE", "Door", "Guard", "Request"]
