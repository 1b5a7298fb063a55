"""Wrong passwords and tokens: the first few are free, then each takes its time."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

FREE_TRIES = 5
WITHIN_S = 60.0
DELAY_S = 1.0
"""Five mistakes a minute are a person's; at one try a second eight random letters hold for millennia."""

MAX_ADDRESSES = 10_000
"""Whoever has more addresses than this is not held up by counting them."""


class LoginThrottle:
    """Counts wrong tries by address. For one thread: the event loop's.

    The tries of an address take turns, so that a hundred at once are no faster than one after the other.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._wrong: dict[str, deque[float]] = defaultdict(deque)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, address: str) -> AsyncIterator[None]:
        """Wait for the turn of a try, and longer after many that were wrong."""
        lock = self._turns.setdefault(address, asyncio.Lock())
        async with lock:
            if delay_s := self.delay_s(address):
                await self._sleep(delay_s)
            yield

    def wrong(self, address: str) -> None:
        if len(self._wrong) >= MAX_ADDRESSES and address not in self._wrong:
            self._wrong.pop(next(iter(self._wrong)))
        self._wrong[address].append(self._clock())

    def delay_s(self, address: str) -> float:
        """Return how long the next try of an address has to wait."""
        tries = self._wrong.get(address)
        if not tries:
            return 0.0
        while tries and self._clock() - tries[0] > WITHIN_S:
            tries.popleft()
        if not tries:
            del self._wrong[address]
        return DELAY_S if len(tries) >= FREE_TRIES else 0.0
