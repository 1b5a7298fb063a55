"""Whose turn it is: some runs at a time on the server, one per visitor, and each can be cancelled."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from sensevoice.errors import TooBusy
from sensevoice.transcript import Transcript

AT_ONCE = 8
"""The model takes clips of all of these in turn; each keeps about two minutes of sound in memory."""

MAX_WAITING = 12
"""A run, also one that waits, holds one of gradio's 40 threads; half stay free to answer the page."""


class Turnstile:
    """Lets `at_once` runs through at a time, in the order in which they came."""

    def __init__(self, at_once: int = AT_ONCE, max_waiting: int = MAX_WAITING) -> None:
        self._at_once = at_once
        self._max_waiting = max_waiting
        self._line: list[Ticket] = []
        self._moved = threading.Condition()

    def enter(self) -> Ticket:
        """Join the end of the line. Raises TooBusy when `max_waiting` are waiting already."""
        with self._moved:
            waiting = len(self._line) - self._at_once
            if waiting >= self._max_waiting:
                raise TooBusy(waiting=waiting)
            ticket = Ticket(self)
            self._line.append(ticket)
            return ticket

    def ahead_of(self, ticket: Ticket) -> int:
        """Return how many runs must end before this one may begin."""
        with self._moved:
            return self._ahead_of(ticket)

    def wait_for_move(self, ticket: Ticket, timeout_s: float | None) -> None:
        """Return when it is this ticket's turn, or after `timeout_s`."""
        with self._moved:
            self._moved.wait_for(lambda: self._ahead_of(ticket) == 0, timeout_s)

    def leave(self, ticket: Ticket) -> None:
        with self._moved:
            self._line.remove(ticket)
            self._moved.notify_all()

    def _ahead_of(self, ticket: Ticket) -> int:
        return max(0, self._line.index(ticket) - self._at_once + 1)


class Ticket:
    """A place in the line, given up on leaving its `with` block."""

    def __init__(self, turnstile: Turnstile) -> None:
        self._turnstile = turnstile

    @property
    def ahead(self) -> int:
        return self._turnstile.ahead_of(self)

    def wait(self, timeout_s: float | None = None) -> None:
        self._turnstile.wait_for_move(self, timeout_s)

    def __enter__(self) -> Ticket:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._turnstile.leave(self)


@dataclass(frozen=True)
class Result:
    """What a run has given so far; `partial` until it has come to its end."""

    transcript: Transcript
    partial: bool


class Desk:
    """One visitor's place: the run under way, the last result, and how it is to be shown.

    The handlers of one visitor run in several threads at once; only `begin` has to be atomic.
    """

    def __init__(self, view: str = "tagged", labels: str = "zh") -> None:
        self.view = view
        self.labels = labels
        self.source = "file"
        self.result: Result | None = None
        self._lock = threading.Lock()
        self._cancel: threading.Event | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> Desk:
        """Return a fresh desk: gradio copies the initial value of a state for every visitor."""
        return Desk(self.view, self.labels)

    @property
    def running(self) -> bool:
        return self._cancel is not None

    def begin(self) -> threading.Event | None:
        """Start a run and return the event that cancels it, or None when one is running already."""
        with self._lock:
            if self._cancel is not None:
                return None
            self._cancel = threading.Event()
            return self._cancel

    def end(self) -> None:
        with self._lock:
            self._cancel = None

    def cancel(self) -> None:
        """Ask the run under way, if any, to stop at its next step."""
        with self._lock:
            if self._cancel is not None:
                self._cancel.set()
