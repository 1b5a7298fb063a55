"""Recordings of two people, transcribed and searched, for the tests of both interfaces to the search."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sensevoice.access import USER
from sensevoice.options import Options
from sensevoice.search import SearchService
from tests.media import tone, write_wav
from tests.ui.ui_script import call_or_meeting, runner_of

WHOSE = (("call.wav", "ann"), ("meeting.wav", "ann"), ("call.wav", "bert"))


class LoggedIn:
    """Puts a name where the access middleware does."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        user = dict(scope.get("headers", ())).get(b"x-user")
        await self.app({**scope, USER: user and user.decode()}, receive, send)


class SearchSite:
    """A runner with a call and a meeting of ann's, and a call of bert's, once `fill` was called."""

    def __init__(self, directory: Path) -> None:
        self.runner = runner_of(call_or_meeting("call.wav"), directory)
        self.search = SearchService(self.runner.store)

    def fill(self, directory: Path) -> None:
        self.jobs = [self.job(directory / name, owner) for name, owner in WHOSE]
        assert self.search.wait(20.0)

    def job(self, path: Path, owner: str) -> str:
        write_wav(path, tone(440, 1.0))
        job = self.runner.submit(path, Options(), owner)
        assert self.runner.wait_for_end(job.id, 20.0)
        return job.id

    def close(self) -> None:
        self.runner.close()
        self.search.close()
