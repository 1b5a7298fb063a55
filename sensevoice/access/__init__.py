"""Who may come in, and with what: what stands in front of every request.

rules.py decides, guard.py asks it for each request, slow.py makes guessing take its time.
"""

from __future__ import annotations

from sensevoice.access.middleware import AccessMiddleware
from sensevoice.access.policy import COOKIE, AccessPolicy, Request

__all__ = ["COOKIE", "AccessMiddleware", "AccessPolicy", "Request"]
