"""Who may come in, and with what: what stands in front of every request.

middleware.py asks policy.py for each request, which decides with what origins.py and routes.py know; login.py
answers those who log in (accounts.py, sessions.py, pages.py); throttle.py makes guessing take its time. http/
reads headers, cookies and bodies with bounds, and closes connections on which no request comes.
"""

from __future__ import annotations

from sensevoice.access.accounts import Accounts
from sensevoice.access.login import Login
from sensevoice.access.middleware import USER, AccessMiddleware, is_still_in
from sensevoice.access.policy import COOKIE, AccessPolicy, Request

__all__ = [
    "COOKIE",
    "USER",
    "AccessMiddleware",
    "AccessPolicy",
    "Accounts",
    "Login",
    "Request",
    "is_still_in",
]
