#!/usr/bin/env python3
"""Start the program with the bundled model and keep it busy for a while; see --help.

Clients upload the sample recordings and ask for transcripts; one file in ten is bad, one client in ten
leaves in the middle. At the end: errors, and how memory, handles, threads, children and files on disk
have grown.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
from _root import ROOT

from sensevoice.models.sources.demo import sample_recordings
from sensevoice.options import Options
from sensevoice.ui.upload_folder import SWEEP_S, UNUSED_S
from tests.browser.program import Program
from tests.hostile.mutate import mutant

DEFAULTS = Options()
SETTINGS = (
    *(
        DEFAULTS.language,
        DEFAULTS.use_itn,
        DEFAULTS.ban_emo_unk,
        DEFAULTS.merge_length_s,
        DEFAULTS.merge_gap_s,
    ),
    *(DEFAULTS.batch_size_s, DEFAULTS.channel, DEFAULTS.sounds, DEFAULTS.word_times),
    *([*DEFAULTS.among], DEFAULTS.keep_numbers, "zh"),
    *(DEFAULTS.merge, DEFAULTS.pause_ms, DEFAULTS.track, DEFAULTS.raw_format, DEFAULTS.speakers, ""),
)
"""Plain HTTP has no defaults: the endpoint's parameters in their order."""

WARM_UP = 600
"""Requests before the first measurement: by then every thread and buffer has been made once, and gradio
keeps as many visitors' states as it ever will (state_session_capacity)."""

SETTLE_S = 15.0
"""After the warm-up: broken-off events end, and gradio lets go of what belonged to them."""

COOL_DOWN_S = UNUSED_S + 2 * SWEEP_S
"""After the last request: by then the uploads have to be gone as well."""


@dataclass(frozen=True)
class Usage:
    """What the process holds at a moment."""

    rss_mb: float
    handles: int
    threads: int
    children: int
    temp_mb: float
    data_mb: float


def usage(program: Program, temp: Path) -> Usage:
    about = Path(f"/proc/{program.inner_pid()}")
    status = dict(
        line.split(":\t", 1) for line in (about / "status").read_text().splitlines() if ":\t" in line
    )
    children = [path.read_text().split() for path in about.glob("task/*/children")]
    return Usage(
        rss_mb=int(status["VmRSS"].split()[0]) / 1024,
        handles=len(list((about / "fd").iterdir())),
        threads=int(status["Threads"]),
        children=sum(len(pids) for pids in children),
        temp_mb=size_mb(temp),
        data_mb=size_mb(program.directory / "data"),
    )


def size_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / (1 << 20)


class Clients:
    """Some clients in a loop each, and what became of their requests."""

    def __init__(self, address: str, goldens: dict[str, str]) -> None:
        self._address = address
        self._goldens = goldens
        self._recordings = sample_recordings()
        self.fates: Counter[str] = Counter()
        self._lock = threading.Lock()

    def run(self, count: int, end_s: float, most: int | None = None) -> None:
        numbers = itertools.count()

        def loop(seed: int) -> None:
            chance = random.Random(seed)
            with httpx.Client(base_url=self._address, timeout=120) as client:
                while time.monotonic() < end_s and (most is None or next(numbers) < most):
                    fate = self._request(client, chance)
                    with self._lock:
                        self.fates[fate] += 1

        with ThreadPoolExecutor(count) as pool:
            for done in [pool.submit(loop, seed) for seed in range(count)]:
                done.result()

    def _request(self, client: httpx.Client, chance: random.Random) -> str:
        if chance.random() < 0.1:
            name, content = mutant(chance.randrange(10**9))
            event = self._call(client, f"bad.{name}", content)
            self._answer(client, event)
            return "bad file"
        sample = chance.choice(self._recordings)
        event = self._call(client, sample.path.name, sample.path.read_bytes())
        if chance.random() < 0.1:
            with client.stream("GET", f"/gradio_api/call/transcribe/{event}"):
                return "left"
        answer = self._answer(client, event)
        if answer is None:
            return "ERROR"
        return "good" if answer["text"].strip() == self._goldens[sample.name] else "WRONG"

    def _call(self, client: httpx.Client, name: str, content: bytes) -> str:
        uploaded = (
            client.post("/gradio_api/upload", files={"files": (name, content)}).raise_for_status().json()
        )
        audio = {"path": uploaded[0], "meta": {"_type": "gradio.FileData"}}
        asked = client.post(
            "/gradio_api/call/transcribe", json={"data": [audio, *SETTINGS]}
        ).raise_for_status()
        return str(asked.json()["event_id"])

    def _answer(self, client: httpx.Client, event: str) -> dict[str, str] | None:
        text = client.get(f"/gradio_api/call/transcribe/{event}").text
        kind, _, data = text.rpartition("event: ")[2].partition("\ndata: ")
        result: list[dict[str, str]] | None = json.loads(data) if kind == "complete" else None
        return result[0] if result else None


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example: python scripts/soak.py --minutes 20 --json soak.json",
    )
    parser.add_argument("--minutes", type=float, default=20.0, help="how long (default %(default)g)")
    parser.add_argument("--clients", type=int, default=4, help="how many at once (default %(default)d)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    goldens = {
        sample.name: (ROOT / "tests/golden" / f"{sample.name}.txt").read_text("utf-8").strip()
        for sample in sample_recordings()
    }
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        directory = Path(folder)
        program = Program(directory, temp=directory / "temp")
        try:
            program.wait()
            at_start = usage(program, directory / "temp")
            clients = Clients(program.address, goldens)
            clients.run(arguments.clients, time.monotonic() + 600, WARM_UP)
            time.sleep(SETTLE_S)
            before = usage(program, directory / "temp")
            clients.fates.clear()
            clients.run(arguments.clients, time.monotonic() + 60 * arguments.minutes)
            busy = usage(program, directory / "temp")
            time.sleep(COOL_DOWN_S)
            after = usage(program, directory / "temp")
            program.end()
        finally:
            program.kill()
        left_mb = size_mb(directory / "temp")
    requests = clients.fates.total()
    figures = {
        "minutes": arguments.minutes,
        "clients": arguments.clients,
        "requests": requests,
        "fates": dict(clients.fates),
        "at_start": asdict(at_start),
        "before": asdict(before),
        "busy": asdict(busy),
        "after": asdict(after),
        "rss_mb_per_1000": round(1000 * (after.rss_mb - before.rss_mb) / max(1, requests), 2),
        "temp_mb_after_the_end": round(left_mb, 3),
    }
    print(json.dumps(figures, indent=1))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1))
    return 1 if clients.fates["ERROR"] or clients.fates["WRONG"] else 0


if __name__ == "__main__":
    sys.exit(main())
