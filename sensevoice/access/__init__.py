"""Who may come in, and with what: what stands in front of every request.

guard.py asks rules.py for each request, which decides with what origins.py, routes.py and cookies.py know;
login.py answers those who log in (accounts.py, sessions.py, pages.py); bodies.py counts what is sent; slow.py
makes guessing take its time; headers.py marks the answers. In front of them connections.py closes those on
which no request comes.
"""

from __future__ import annotations

from sensevoice.access.accounts import Accounts
from sensevoice.access.login import Login
from sensevoice.access.middleware import USER, AccessMiddleware
from sensevoice.access.policy import COOKIE, AccessPolicy, Request

__all__ = ["COOKIE", "USER", "AccessMiddleware", "AccessPolicy", "Accounts", "Login", "Request"]
