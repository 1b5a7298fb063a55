#!/usr/bin/env python3
"""Hold a generated meeting over the live socket of the real program, and lose the line and the program in it.

    .venv/bin/python scripts/live_meeting.py                         30 minutes, at the speed of speech
    .venv/bin/python scripts/live_meeting.py --minutes 4 --speed 2   a quick look

Three voices, two languages, moods, laughter and applause (scripts/demo_model/conversations.py; needs
espeak-ng). The connection is cut after a quarter and after three quarters of it, for `--away` seconds each,
and the program is killed with SIGKILL in the middle; its supervisor starts it anew. At the end the recording
is compared with what was said, sample by sample, and its record with that of the same sound uploaded.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
import tempfile
import time
import wave
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import _root  # noqa: F401
import httpx
import numpy as np
from demo_model.conversations import make_meeting
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from sensevoice.live.recording import FRAME_BYTES, FRAME_MS
from tests.browser.program import Program

SPEAKERS = "auto"
JOB_LIMIT_S = 7200
POLL_S = 1.0
AGAIN_S = 0.5
LAST_S = 120.0
"""How long the rest may be under way after the last word, and how long a new program may take to answer."""


@dataclass
class Meeting:
    """A client of the socket that keeps every frame until it is acknowledged, as the page does."""

    url: str
    frames: list[bytes]
    tail: bytes
    speed: float
    session: str = ""
    acknowledged: int = 0
    job: str | None = None
    lines: int = 0
    _sent: int = 0
    _stopped: bool = False
    _line: ClientConnection | None = None
    _began_s: float = field(default_factory=time.monotonic)

    def hold(self, until: int, seconds: float = 0.0) -> None:
        """Speak on until a frame is said; with `seconds` without a line for so long first."""
        back_s = time.monotonic() + seconds
        while self._said < until or (until == len(self.frames) and self.job is None):
            if time.monotonic() >= back_s and not self._turn():
                self._line, back_s = None, time.monotonic() + AGAIN_S
            time.sleep(0.02 if self._line else 0.1)
            if self._said >= len(self.frames) and time.monotonic() > self._end_s + LAST_S:
                raise SystemExit(f"{len(self.frames) - self.acknowledged} frames were never acknowledged")

    def cut(self) -> None:
        """Break the connection without a word."""
        if self._line is not None:
            self._line.socket.close()
            self._line = None

    @property
    def _said(self) -> int:
        passed_s = (time.monotonic() - self._began_s) * self.speed
        return min(len(self.frames), int(passed_s * 1000 / FRAME_MS))

    @property
    def _end_s(self) -> float:
        return self._began_s + len(self.frames) * FRAME_MS / 1000 / self.speed

    def _turn(self) -> bool:
        """Send what was said, and hear what is told; return whether there is still a line."""
        try:
            self._line = self._line or self._connected()
            for number in range(self._sent, self._said):
                self._line.send(number.to_bytes(4, "little") + self.frames[number])
                self._sent = number + 1
            if self._sent == len(self.frames) and not self._stopped:
                self._stopped = True
                rest = base64.b64encode(self.tail).decode()
                self._tell({"type": "stop", "frames": len(self.frames), "tail": rest})
            while True:
                self._hear(json.loads(self._line.recv(timeout=0)))
        except TimeoutError:
            return True
        except (OSError, ConnectionClosed):
            return self.job is not None

    def _connected(self) -> ClientConnection:
        self._line = ExitStack().enter_context(connect(self.url, max_size=None, open_timeout=20))
        self.lines += 1
        options = {"speakers": SPEAKERS}
        start = {"type": "start", "name": "meeting", "options": options}
        self._tell({"type": "resume", "session": self.session} if self.session else start)
        return self._line

    def _tell(self, message: dict[str, Any]) -> None:
        assert self._line is not None
        self._line.send(json.dumps(message))

    def _hear(self, message: dict[str, Any]) -> None:
        if message["type"] in ("ready", "resend"):
            self.session = message.get("session", self.session)
            self._sent, self._stopped = message["next"], False
        elif message["type"] == "ended":
            self.job = message["job"]
        elif message["type"] == "error":
            print(f"the program says: {message['en']}", flush=True)
        self.acknowledged = max(self.acknowledged, message.get("next", 0))


def main() -> int:
    args = arguments()
    samples = make_meeting(args.seed, args.minutes * 60)
    sound = (np.clip(samples, -1, 1 - 2**-15) * 32768).astype("<i2").tobytes()
    print(f"{len(sound) / 32_000:.1f} s of sound", flush=True)
    with tempfile.TemporaryDirectory(prefix="meeting-") as name:
        program = Program(Path(name), options=["--host", "127.0.0.1"])
        try:
            program.wait()
            return held(program, sound, args)
        finally:
            program.kill()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0, help="of the meeting (default %(default)g)")
    parser.add_argument("--speed", type=float, default=1.0, help="times the speed of speech")
    parser.add_argument("--away", type=float, default=15.0, help="seconds without a line, each time")
    parser.add_argument("--seed", type=int, default=18)
    return parser.parse_args()


def held(program: Program, sound: bytes, args: argparse.Namespace) -> int:
    """Hold the meeting, and print what became of it; return 0 when nothing is lost and the records agree."""
    count = len(sound) // FRAME_BYTES
    frames = [sound[at * FRAME_BYTES : (at + 1) * FRAME_BYTES] for at in range(count)]
    url = program.address.replace("http", "ws", 1) + "/live"
    meeting = Meeting(url, frames, sound[count * FRAME_BYTES :], args.speed)
    meeting.hold(count // 4)
    for what, until in (("cut", count // 2), ("killed", count * 3 // 4), ("cut", count)):
        print(f"{meeting.acknowledged * FRAME_MS / 1000:.1f} s acknowledged; {what}", flush=True)
        if what == "killed":
            program.kill_inner()
        else:
            meeting.cut()
        meeting.hold(until, args.away if what == "cut" else 0.0)
    print(f"ended; {meeting.lines} connections", flush=True)
    with httpx.Client(base_url=program.address, timeout=120) as client:
        return compared(client, str(meeting.job), sound)


def compared(client: httpx.Client, job: str, sound: bytes) -> int:
    """Print how the recording differs from what was said, and its record from that of an upload."""
    live = record_of(client, job)
    kept = client.get(f"/sv/jobs/{job}/audio").raise_for_status().content[44:]
    longest = max(len(kept), len(sound))
    one, other = (np.frombuffer(each.ljust(longest, b"\0"), "<i2") for each in (kept, sound))
    wrong = int(np.count_nonzero(one != other))
    print(f"sound: {len(kept) / 32_000:.3f} s of {len(sound) / 32_000:.3f} s; {wrong} samples are others")
    file = {"file": ("meeting.wav", wav(sound), "audio/wav")}
    made = client.post("/v1/jobs", files=file, data={"speakers": SPEAKERS}).raise_for_status().json()
    uploaded = record_of(client, made["id"])
    differences = [name for name in live if live[name] != uploaded.get(name)]
    rows = live["segments"]
    print(
        f"record: {len(rows)} rows, {len(live.get('speakers', []))} people; others: {differences or 'none'}"
    )
    lost_s = (wrong + abs(len(kept) - len(sound)) / 2) / 16_000
    print(f"seconds of sound lost: {lost_s:.3f}")
    return 1 if lost_s or differences else 0


def record_of(client: httpx.Client, job: str) -> dict[str, Any]:
    """Return the record of a job once it has ended, without what only names its file."""
    for _ in range(int(JOB_LIMIT_S / POLL_S)):
        if client.get(f"/sv/jobs/{job}").raise_for_status().json()["state"] in ("done", "failed"):
            break
        time.sleep(POLL_S)
    record: dict[str, Any] = client.get(f"/sv/jobs/{job}/export?format=json").raise_for_status().json()
    for name in ("source", "audio", "created"):
        record.pop(name, None)
    return record


def wav(sound: bytes) -> bytes:
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        with wave.open(file.name, "wb") as writer:
            writer.setparams((1, 2, 16_000, 0, "NONE", ""))
            writer.writeframes(sound)
        return Path(file.name).read_bytes()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
