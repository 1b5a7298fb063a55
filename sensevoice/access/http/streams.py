"""Which of gradio's streams of events belong to whom."""

from __future__ import annotations

from collections import OrderedDict

MAX_STREAMS = 10_000
"""The one that was used longest ago is forgotten for a new one."""


class Streams:
    """The session hashes that pages choose for their events, by the login that used each first.

    gradio gives the events of a page to whoever knows its hash, which browsers draw from Math.random().
    """

    def __init__(self) -> None:
        self._users: OrderedDict[str, str] = OrderedDict()

    def is_of(self, user: str, session_hash: str) -> bool:
        """Return whether a stream is a user's, whose it becomes if it is nobody's yet."""
        owner = self._users.setdefault(session_hash, user)
        self._users.move_to_end(session_hash)
        if len(self._users) > MAX_STREAMS:
            self._users.popitem(last=False)
        return owner == user
