"""The endpoint over a scripted model, in the test's own process."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.testclient import TestClient

from sensevoice.access import USER
from sensevoice.api import api_routes
from sensevoice.jobs import JobRunner
from sensevoice.options import Options
from tests.media import tone, write_wav
from tests.ui.ui_script import runner_of

DEADLINE_S = 30.0


def until(is_so: Callable[[], Any]) -> Any:
    """Wait until something is so, and return it."""
    deadline_s = time.monotonic() + DEADLINE_S
    while not (found := is_so()):
        assert time.monotonic() < deadline_s
        time.sleep(0.02)
    return found


class Site:
    """A runner, its routes, and a client of them; `user` is who has logged in."""

    def __init__(self, script: Any, directory: Path, runner: JobRunner | None = None, **more: Any) -> None:
        self.script = script
        self.runner = runner or runner_of(script, directory)
        self.user = ""
        self.uploads = directory / "uploads"
        self.uploads.mkdir(exist_ok=True)
        self.app = Starlette(routes=list(api_routes(self.runner, self.uploads, Options(), **more)))
        self.client = TestClient(self._as_user, raise_server_exceptions=False)
        self.recording = directory / "call.wav"
        write_wav(self.recording, tone(440, 4.0))

    async def _as_user(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app({**scope, USER: self.user or None}, receive, send)

    def transcribe(self, **fields: Any) -> Any:
        return self._post("/v1/audio/transcriptions", {"model": "any", **fields})

    def create(self, **fields: Any) -> Any:
        return self._post("/v1/jobs", fields)

    def _post(self, path: str, fields: dict[str, Any]) -> Any:
        files = {"file": ("call.wav", self.recording.read_bytes())}
        return self.client.post(path, data=fields, files=files)

    def done(self, **fields: Any) -> str:
        """Create a job, wait for its end and return its id."""
        job_id: str = self.create(**fields).json()["id"]
        assert self.runner.wait_for_end(job_id, DEADLINE_S)
        return job_id

    def get(self, path: str = "", **query: Any) -> Any:
        answer = self.client.get(f"/v1/jobs{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()
