"""Who is logged in."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

IDLE_S = 14 * 86400.0
"""A session that nobody has used for two weeks is over."""

MAX_SESSIONS = 10_000
"""The one that was used longest ago gives way to a new one."""


@dataclass
class _Session:
    user: str
    used_s: float


class Sessions:
    """The sessions by the hash of their token, so that the memory of the process holds no key. One thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sessions: dict[bytes, _Session] = {}

    def open(self, user: str, token: str | None = None) -> str:
        """Return the token of a new session: a new one, or `token`, which a program keeps sending."""
        if len(self._sessions) >= MAX_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        token = token or secrets.token_urlsafe(24)
        self._sessions[_key(token)] = _Session(user, self._clock())
        return token

    def user_of(self, token: str) -> str | None:
        """Return whose session it is, None when there is none of that token; counts as its use."""
        session = self._sessions.pop(_key(token), None)
        if session is None or self._clock() - session.used_s > IDLE_S:
            return None
        session.used_s = self._clock()
        self._sessions[_key(token)] = session  # at the end, behind those used before
        return session.user

    def close(self, token: str) -> None:
        self._sessions.pop(_key(token), None)


def _key(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
