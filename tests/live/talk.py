"""What tests of live recordings share: sound in frames, a hub over a runner, and a client of the socket."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from starlette.applications import Starlette
from starlette.testclient import TestClient

from sensevoice.access import USER
from sensevoice.audio.source import open_audio
from sensevoice.jobs import JobRunner, JobStore
from sensevoice.live import LiveHub, captions_routes, live_routes
from sensevoice.live.recording import FRAME_BYTES
from sensevoice.options import Options
from sensevoice.transcribe.pipeline import iter_updates

PAGE = Options(speakers="off")


def sound_of(path: Path) -> bytes:
    """Return a recording as int16, 16 kHz, mono."""
    with open_audio(path) as source:
        samples = np.concatenate([block.mean(axis=0) for block in source.blocks()])
    return (np.clip(samples, -1, 1 - 2**-15) * 32768).round().astype("<i2").tobytes()


def frames_of(sound: bytes) -> list[bytes]:
    """Return the whole frames of a sound."""
    return [sound[at : at + FRAME_BYTES] for at in range(0, len(sound) - FRAME_BYTES + 1, FRAME_BYTES)]


def tail_of(sound: bytes) -> bytes:
    return sound[len(sound) // FRAME_BYTES * FRAME_BYTES :]


class House:
    """The jobs of a directory, a hub, and an app with the socket; `recognizer` answers both."""

    def __init__(self, directory: Path, recognizer: Any, **hub: Any) -> None:
        store = JobStore(directory, lambda: recognizer.info)
        self.runner = JobRunner(store, lambda path, options: iter_updates(path, recognizer, options))
        self.hub = LiveHub(self.runner, recognizer, **hub)
        self.app = Starlette(routes=[*live_routes(self.hub, PAGE), *captions_routes(self.hub)])

    def client(self, user: str | None = None) -> TestClient:
        """Return a client, of a login if one is named."""

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await self.app({**scope, USER: user}, receive, send)

        return TestClient(app)

    def record(self, job_id: str) -> Any:
        """Return the record of a job when it has come to its end."""
        assert self.runner.wait_for_end(job_id, 120)
        job = self.runner.store.job(job_id)
        assert job.state == "done", job
        return self.runner.store.result(job).transcript

    def close(self) -> None:
        self.hub.close()
        self.runner.close()


class Talker:
    """A client of the socket, as the page is one: it keeps what it knows of the rows."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.rows: list[Any] = []
        self.settled = 0
        self.growing: list[Any] = []
        self.next = 0
        self.session = ""

    def start(self, **options: Any) -> Talker:
        self.socket.send_json({"type": "start", "name": "会议", "options": options})
        return self._ready()

    def resume(self, session: str) -> Talker:
        self.socket.send_json({"type": "resume", "session": session})
        return self._ready()

    def _ready(self) -> Talker:
        ready = self.until("ready")
        self.session, self.next = ready["session"], ready["next"]
        return self

    def send(self, number: int, frame: bytes) -> None:
        self.socket.send_bytes(number.to_bytes(4, "little") + frame)

    def send_all(self, frames: Sequence[bytes], first: int = 0) -> None:
        for number, frame in enumerate(frames[first:], first):
            self.send(number, frame)

    def stop(self, frames: int, tail: bytes = b"") -> Any:
        self.socket.send_json({"type": "stop", "frames": frames, "tail": base64.b64encode(tail).decode()})
        return self.until("ended", "resend")

    def until(self, *kinds: str) -> Any:
        """Return the next message of one of these kinds."""
        return next(message for message in self.messages() if message["type"] in kinds)

    def messages(self) -> Iterator[Any]:
        while True:
            message = self.socket.receive_json()
            if message["type"] == "state":
                self._note(message)
            yield message

    def _note(self, message: Any) -> None:
        self.next = message["next"]
        if "rows" in message:
            self.rows[message["from"] :] = message["rows"]
            self.settled = message["settled"]
        if message["growing"]:
            self.growing.append(message["growing"])

    def hear_all(self, ms: int) -> None:
        """Read messages until so much of the recording has been recognised."""
        next(message for message in self.messages() if message.get("heard_ms", 0) >= ms)
