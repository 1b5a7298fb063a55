#!/usr/bin/env python3
"""Attack a program started for it, on loopback, and measure what an honest visitor sees meanwhile.

Each attack lasts --seconds, against a program started anew. Every row of the table: how long the event loop
took to answer (a request that needs nothing else), how long a short recording took from upload to transcript,
how much memory grew, how many connections were refused. The first row is without an attack: on a machine that
has other work, compare with that.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import resource
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import wave
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from gradio_client import Client, handle_file

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sensevoice.jobs import JobStore  # noqa: E402
from sensevoice.models.sources import demo  # noqa: E402
from sensevoice.options import Options  # noqa: E402
from sensevoice.transcript import ModelInfo  # noqa: E402

LONG_S = 57 * 60
WARM_UP_S = 15.0
"""Until an attack is at its height: its own clients need a while to start."""

READY = "ready / 就绪"
START_S = 900.0
HALF_HEADERS, LARGE_BODIES, TRANSCODES, SLOW_FILES = 1100, 24, 45, 8
COLUMNS = (
    "| attack | loop p95, s | loop max, s | recordings | median, s | slowest, s | memory, MB | refused |"
)


@dataclasses.dataclass
class Seen:
    """What an honest visitor saw during an attack."""

    loop_s: list[float] = dataclasses.field(default_factory=list)
    recording_s: list[float] = dataclasses.field(default_factory=list)
    failed: list[str] = dataclasses.field(default_factory=list)


def keep_a_job(data: Path, recording: Path) -> str:
    """Put a job into a directory, as a stopped program leaves one; return its id."""
    store = JobStore(data, lambda: ModelInfo("demo", "demo", "cpu"), 72, 50)
    job = store.create(recording, Options(sounds=False))
    store.close()
    return job.id


class Target:
    """The program that is attacked, with one long recording in its list, which is done."""

    def __init__(self, port: int, folder: Path, job: str, long: Path) -> None:
        self.port = port
        self.address = f"http://127.0.0.1:{port}"
        self.long = long
        self._printed = folder / "printed.txt"
        self.job = job
        command = [sys.executable, str(ROOT / "app_sensevoice.py"), "--demo", "--port", str(port)]
        with self._printed.open("wb") as printed:
            self._process = subprocess.Popen(
                [*command, "--data-dir", str(folder / "data")], stdout=printed, stderr=subprocess.STDOUT
            )
        self._wait()

    def _wait(self) -> None:
        deadline_s = time.monotonic() + START_S
        while time.monotonic() < deadline_s:
            with contextlib.suppress(httpx.HTTPError):
                job = httpx.get(f"{self.address}/sv/jobs/{self.job}", timeout=10).json()
                if READY in self._printed.read_text("utf-8") and job["state"] == "done":
                    return
            time.sleep(1)
        raise SystemExit(self._printed.read_text("utf-8"))

    def memory_mb(self) -> float:
        """Return the memory of the program itself, without its decoders."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        status = Path(f"/proc/{children[0]}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def end(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)


def long_recording(path: Path) -> Path:
    """Write an hour of noise that is no speech, and that is quickly made."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        second = bytes(byte & 0x03 for byte in os.urandom(16_000))
        for _ in range(LONG_S):
            file.writeframes(second)
    return path


def many_at_once(send: Callable[[int], object], count: int, ended: threading.Event) -> int:
    """Call `send` with 0 … count - 1 side by side, again and again until it has ended; how many failed."""
    refused = 0

    def again(number: int) -> int:
        failed = 0
        while not ended.is_set():
            try:
                send(number)
            except (OSError, httpx.HTTPError):
                failed += 1
                ended.wait(0.1)
        return failed

    with ThreadPoolExecutor(count) as pool:
        refused = sum(pool.map(again, range(count)))
    return refused


def half_headers(target: Target, ended: threading.Event) -> int:
    """Keep 1,100 connections open whose headers never end."""
    connections: list[socket.socket] = []
    refused = 0
    while not ended.is_set():
        if len(connections) >= HALF_HEADERS:
            refused += closed(connections)
            ended.wait(0.2)
            continue
        try:
            connection = socket.create_connection(("127.0.0.1", target.port), timeout=5)
            connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ")
            connections.append(connection)
        except OSError:
            refused += 1
    for connection in connections:
        connection.close()
    return refused


def closed(connections: list[socket.socket]) -> int:
    """Drop the connections that the server has closed and return how many these are."""
    kept = []
    for connection in connections:
        connection.setblocking(False)
        try:
            open_still = connection.recv(1) != b""
        except BlockingIOError:
            open_still = True
        except OSError:
            open_still = False
        kept += [connection] if open_still else []
        if not open_still:
            connection.close()
    dropped = len(connections) - len(kept)
    connections[:] = kept
    return dropped


def big_cookies(target: Target, ended: threading.Event) -> int:
    """Send cookies of 60,000 backslashes, and of 15,000, which is within the limit."""

    def send(number: int) -> None:
        cookie = 'sensevoice-token="' + "\\" * (60_000 if number % 2 else 15_000) + '"'
        head = f"GET /sv/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nVia: x\r\nCookie: {cookie}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", target.port), timeout=30) as connection:
            connection.sendall(head.encode())
            connection.recv(100)

    return many_at_once(send, 16, ended)


def large_bodies(target: Target, ended: threading.Event) -> int:
    """Send bodies of 300 MB to what takes none of that size."""
    paths = ("/gradio_api/cancel", "/gradio_api/queue/join", "/login", "/sv/jobs/x/undo")

    def send(number: int) -> None:
        head = f"POST {paths[number % 4]} HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        part = b"100000\r\n" + b"[" * (1 << 20) + b"\r\n"
        with socket.create_connection(("127.0.0.1", target.port), timeout=30) as connection:
            connection.sendall(head.encode())
            for _ in range(300):
                connection.sendall(part)

    return many_at_once(send, LARGE_BODIES, ended)


def transcodes(target: Target, ended: threading.Event) -> int:
    """Ask 45 times at once for the long recording as another format."""
    path = f"{target.address}/sv/jobs/{target.job}/audio?as=opus"
    return many_at_once(lambda _: httpx.get(path, timeout=600), TRANSCODES, ended)


def slow_files(source: str) -> Callable[[Target, threading.Event], int]:
    """Return the attack that has eight long recordings recognised at a time, from another address."""

    def attack(target: Target, ended: threading.Event) -> int:
        command = [sys.executable, "-c", SLOW_FILES_FROM, source, target.address, str(target.long)]
        with subprocess.Popen([*command, str(SLOW_FILES)]) as attacker:
            ended.wait()
            attacker.kill()
        return 0

    return attack


SLOW_FILES_FROM = """
import socket, sys, time
from gradio_client import Client, handle_file
source, address, recording, count = sys.argv[1:]
connect = socket.create_connection
def from_source(to, timeout=None, source_address=None, **more):
    return connect(to, timeout, (source, 0), **more)
socket.create_connection = from_source
clients = [Client(address, verbose=False) for _ in range(int(count))]
for client in clients:
    client.submit(audio=handle_file(recording), api_name="/transcribe")
while True:
    time.sleep(1)
"""
"""A program that is a visitor from another loopback address."""


ATTACKS = {
    "nobody": lambda target, ended: ended.wait() and 0,
    f"{HALF_HEADERS} connections without whole headers": half_headers,
    "cookies of 60,000 backslashes": big_cookies,
    f"{LARGE_BODIES} bodies of 300 MB": large_bodies,
    f"{TRANSCODES} transcodes of 57 minutes": transcodes,
    f"{SLOW_FILES} recordings of 57 minutes, another visitor's": slow_files("127.0.0.2"),
    f"{SLOW_FILES} recordings of 57 minutes, the visitor's own": slow_files("127.0.0.1"),
}


def watched(target: Target, attack: Callable[[Target, threading.Event], int], seconds: float) -> str:
    """Attack a program that has recognised a recording, and return the cells of the row."""
    recognise(Client(target.address, verbose=False))
    seen, ended, before_mb = Seen(), threading.Event(), target.memory_mb()
    with ThreadPoolExecutor(3) as pool:
        attacking = pool.submit(attack, target, ended)
        time.sleep(WARM_UP_S)
        watching = [pool.submit(watch, target, seen, ended) for watch in (watch_loop, watch_recordings)]
        time.sleep(seconds)
        grown_mb = target.memory_mb() - before_mb
        ended.set()
        refused = attacking.result()
        for each in watching:
            each.result()
    for failure in seen.failed:
        print("honest request failed:", failure, file=sys.stderr)
    loop_s, recording_s = sorted(seen.loop_s), sorted(seen.recording_s) or [float("nan")]
    cells = (
        f"{loop_s[int(0.95 * (len(loop_s) - 1))]:.2f}",
        f"{loop_s[-1]:.2f}",
        str(len(seen.recording_s)),
        f"{statistics.median(recording_s):.1f}",
        f"{recording_s[-1]:.1f}",
        f"{grown_mb:+.0f}",
        str(refused),
    )
    return " | ".join(cells)


def watch_loop(target: Target, seen: Seen, ended: threading.Event) -> None:
    with httpx.Client(base_url=target.address, timeout=60) as visitor:  # as a browser, which stays connected
        for began_s in until(ended, 0.05):
            try:
                visitor.get("/sv/labels").raise_for_status()
                seen.loop_s.append(time.monotonic() - began_s)
            except httpx.HTTPError as error:
                seen.failed.append(repr(error))


def watch_recordings(target: Target, seen: Seen, ended: threading.Event) -> None:
    client = Client(target.address, verbose=False)
    for began_s in until(ended, 1.0):
        try:
            recognise(client)
            seen.recording_s.append(time.monotonic() - began_s)
        except Exception as error:  # whatever a client may raise is what a visitor would see
            seen.failed.append(repr(error))


def recognise(client: Client) -> None:
    """Have the shortest sample recognised, as an honest visitor."""
    sample = min((sample.path for sample in demo.sample_recordings()), key=lambda path: path.stat().st_size)
    client.predict(audio=handle_file(sample), api_name="/transcribe")


def until(ended: threading.Event, pause_s: float) -> Iterator[float]:
    """Yield the time again and again, with a pause after each."""
    while not ended.is_set():
        yield time.monotonic()
        ended.wait(pause_s)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=7399)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--only", default="", help="attacks whose name has this in it")
    args = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with tempfile.TemporaryDirectory(prefix="sensevoice-attack-") as folder:
        long = long_recording(Path(folder, "long.wav"))
        job = keep_a_job(Path(folder, "data"), long)
        print(COLUMNS, "|".join([""] + [" --- "] * 8 + [""]), sep="\n", flush=True)
        for name, attack in ATTACKS.items():
            if args.only in name:
                target = Target(args.port, Path(folder), job, long)
                try:
                    print(f"| {name} | {watched(target, attack, args.seconds)} |", flush=True)
                finally:
                    target.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
