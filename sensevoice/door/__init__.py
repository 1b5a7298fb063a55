"""Who may come in, and with what: what stands in front of every request.

guard.py asks rules.py for each request, which decides with what origins.py, routes.py and cookies.py know;
login.py answers those who log in (accounts.py, sessions.py, pages.py); bodies.py counts what is sent; slow.py
makes guessing take its time; headers.py marks the answers. In front of them connections.py closes those on
which no request comes.
"""

from __future__ import annotations

from sensevoice.door.accounts import Accounts
from sensevoice.door.guard import USER, Guard
from sensevoice.door.login import Login
from sensevoice.door.rules import COOKIE, Door, Request

__all__ = ["COOKIE", "USER", "Accounts", "Door", "Guard", "Login", "Request"]
