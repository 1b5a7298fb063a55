#!/usr/bin/env python3
"""Play a generated meeting into Chromium's microphone, and lose the tunnel and the program in it.

    .venv/bin/python scripts/live_microphone.py                30 minutes
    .venv/bin/python scripts/live_microphone.py --minutes 4    a quick look

The meeting is that of scripts/live_meeting.py, heard by the page itself, which reaches the program through a
port that is forwarded as `ssh -L` does. It is cut after a quarter and after three quarters, for `--away`
seconds each, and the program is killed with SIGKILL in the middle. Somebody is named while it goes on. At the
end the recording is compared with what the page heard, sample by sample, and its record with that of the same
sound uploaded. `--screenshots` is where pictures go. A browser beside a busy program may hear less than is
played; how much is told, half a minute at a time.
"""

from __future__ import annotations

import argparse
import base64
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import _root  # noqa: F401
import httpx
import numpy as np
import soundfile
from demo_model.conversations import make_meeting
from live_meeting import SPEAKERS, record_of, wav
from playwright.sync_api import Page, ViewportSize, sync_playwright
from scipy.signal import correlate, resample_poly

from tests.browser.program import Program
from tests.conftest import CHROMIUM, CHROMIUM_ARGS

RATE_HZ, PLAYED_HZ = 16_000, 48_000
BLOCK_S, SEARCH_S = 30, 4
NAME = "王 女士"
PHONE: ViewportSize = {"width": 390, "height": 844}
ROW = "#sv-live-view .svl-rows li"

LISTEN = """
window.heard = [];
window.AudioWorkletNode = class extends AudioWorkletNode {
  constructor(...given) {
    super(...given);
    this.port.addEventListener("message", ({ data }) => {
      const samples = data.frame ?? data.tail;
      if (samples) window.heard.push(samples.slice());
    });
  }
};
"""
"""Keeps all that the worklet gives to the page."""

TAKE = """() => {
  const samples = window.heard.splice(0, 1000);
  let text = "";
  for (const each of samples) text += String.fromCharCode(...new Uint8Array(each.buffer));
  return btoa(text);
}"""


class Tunnel:
    """A port that is forwarded to another, and can be cut: what is open breaks, what is new is refused."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._open = set[socket.socket]()
        self._listener: socket.socket | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.mend()

    def mend(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        for each in (self._listener, *self._open):
            if each is not None:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()
        self._listener = None
        self._open.clear()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self._to))
                except OSError:  # the program is not there
                    near.close()
                    continue
                self._open |= {near, far}
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._pass, args=ends, daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        for each in (one, other):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            self._open.discard(each)


def main() -> int:
    args = arguments()
    samples = np.clip(make_meeting(args.seed, args.minutes * 60), -1, 1 - 2**-15).astype(np.float32)
    print(f"{len(samples) / RATE_HZ:.1f} s of sound", flush=True)
    with tempfile.TemporaryDirectory(prefix="meeting-") as name:
        microphone = Path(name) / "microphone.wav"
        soundfile.write(
            microphone, resample_poly(samples, PLAYED_HZ // RATE_HZ, 1), PLAYED_HZ, subtype="PCM_16"
        )
        program = Program(Path(name), options=["--host", "127.0.0.1"])
        try:
            program.wait()
            tunnel = Tunnel(program.port)
            with opened(f"http://127.0.0.1:{tunnel.port}", microphone) as page:
                job = held(page, tunnel, program, len(samples) / RATE_HZ, args)
                heard = b"".join(iter(lambda: base64.b64decode(page.evaluate(TAKE)), b""))
            with httpx.Client(base_url=program.address, timeout=120) as client:
                return compared(client, job, heard, samples)
        finally:
            program.kill()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0, help="of the meeting (default %(default)g)")
    parser.add_argument("--away", type=float, default=15.0, help="seconds without a tunnel, each time")
    parser.add_argument("--seed", type=int, default=18)
    parser.add_argument("--screenshots", type=Path, metavar="DIR")
    return parser.parse_args()


@contextmanager
def opened(address: str, microphone: Path) -> Iterator[Page]:
    """Yield the page of a browser whose microphone plays a file once, ready to record."""
    with sync_playwright() as playwright:
        sound = f"--use-file-for-fake-audio-capture={microphone}%noloop"
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*CHROMIUM_ARGS, sound])
        page = browser.new_context(locale="zh-CN", permissions=["microphone"]).new_page()
        page.set_default_timeout(120_000)
        page.add_init_script(LISTEN)
        page.on("pageerror", lambda error: print(f"the page says: {error}", flush=True))
        page.goto(address)
        page.get_by_role("tab", name="实时").click()
        page.wait_for_selector("#svl-start:enabled")
        yield page
        browser.close()


def held(page: Page, tunnel: Tunnel, program: Program, length_s: float, args: argparse.Namespace) -> str:
    """Hold the meeting; return its job."""
    page.click("#svl-start")
    began_s = time.monotonic()
    picture(page, args.screenshots, "live")
    for share, what in ((0.1, "named"), (0.25, "cut"), (0.5, "killed"), (0.75, "cut")):
        page.wait_for_timeout(max(0.0, began_s + share * length_s - time.monotonic()) * 1000)
        print(f"{what}; the page says: {page.inner_text('.svl-state')}", flush=True)
        if what == "named":
            named(page)
            picture(page, args.screenshots, "live-named")
            pictures_of_others(page, args.screenshots)
        elif what == "killed":
            program.kill_inner()
        else:
            tunnel.cut()
            page.wait_for_selector(".svl-problem:not([hidden])")
            picture(page, args.screenshots, "live-cut")
            page.wait_for_timeout(args.away * 1000)
            tunnel.mend()
        page.wait_for_selector(".svl-problem", state="hidden")
    page.wait_for_timeout(max(0.0, began_s + length_s + 2 - time.monotonic()) * 1000)
    print(f"stopped; the page says: {page.inner_text('.svl-state')}", flush=True)
    page.click("#svl-stop")
    page.wait_for_selector("body[data-sv=open]")
    return page.url.partition("job=")[2]


def named(page: Page) -> None:
    """Give whoever spoke first a name, as a person does."""
    page.locator(f"{ROW} .svl-who[data-speaker]").first.click()
    page.fill(".svl-edit", NAME)
    page.press(".svl-edit", "Enter")
    page.wait_for_selector(f"{ROW} .svl-who:has-text('{NAME}')")


def picture(page: Page, folder: Path | None, name: str) -> None:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        page.wait_for_selector(ROW)
        page.screenshot(path=folder / f"{name}.png")


def pictures_of_others(page: Page, folder: Path | None) -> None:
    """Take pictures of the captions, on a screen and on a phone, and of the page on a phone."""
    if folder is None:
        return
    desk = page.viewport_size
    page.set_viewport_size(PHONE)
    picture(page, folder, "live-phone")
    page.set_viewport_size(desk or PHONE)
    page.get_by_role("button", name="字幕链接").click()
    page.wait_for_function("document.querySelector('.svl-room input')?.value")
    browser = page.context.browser
    assert browser is not None
    for name, size in (("captions", desk), ("captions-phone", PHONE)):
        room = browser.new_context(locale="zh-CN", viewport=size).new_page()
        room.goto(page.input_value(".svl-room input"))
        room.wait_for_selector("#lines p")
        room.screenshot(path=folder / f"{name}.png")
        room.context.close()


def compared(client: httpx.Client, job: str, heard: bytes, played: np.ndarray) -> int:
    """Print what became of the sound and of the record; return 0 when nothing is lost and all agrees."""
    live = record_of(client, job)
    kept = client.get(f"/sv/jobs/{job}/audio").raise_for_status().content[44:]
    same = "the same" if kept == heard else "NOT the same"
    seconds = (len(each) / 2 / RATE_HZ for each in (heard, kept))
    print("sound: {:.3f} s heard by the page, {:.3f} s kept: ".format(*seconds) + same, flush=True)
    delays = delays_ms(played, np.frombuffer(kept, "<i2").astype(np.float32) / 32768)
    print(f"behind what was played, in {len(delays)} stretches: {min(delays):.0f} to {max(delays):.0f} ms")
    file = {"file": ("meeting.wav", wav(kept), "audio/wav")}
    made = client.post("/v1/jobs", files=file, data={"speakers": SPEAKERS}).raise_for_status().json()
    uploaded = record_of(client, made["id"])
    names = [each.pop("name", "") for record in (live, uploaded) for each in record.get("speakers", [])]
    aside = ("diagnostics", "text")  # which bear the name
    differences = [name for name in live if name not in aside and live[name] != uploaded.get(name)]
    people = len(live.get("speakers", []))
    print(f"record: {len(live['segments'])} rows, {people} people; others: {differences or 'none'}")
    print(f"{NAME}: {'in the record' if NAME in names else 'told as lost' if told(live) else 'missing'}")
    return 1 if kept != heard or differences or not (NAME in names or told(live)) else 0


def told(record: dict[str, Any]) -> bool:
    return any(each["name"] == "live_name_lost" for each in record.get("diagnostics", []))


def delays_ms(played: np.ndarray, kept: np.ndarray) -> list[float]:
    """Return how much later each stretch of what was played was kept."""
    block, search = BLOCK_S * RATE_HZ, SEARCH_S * RATE_HZ
    delays = []
    for start in range(0, len(played) - block, block):
        first = max(0, start - search)
        room = kept[first : start + block + search]
        if len(room) < block:
            break
        best = int(np.argmax(correlate(room, played[start : start + block], "valid", "fft")))
        delays.append((first + best - start) * 1000 / RATE_HZ)
    return delays


if __name__ == "__main__":
    if shutil.which("espeak-ng") is None:
        sys.exit("espeak-ng is needed to speak the meeting")
    with suppress(KeyboardInterrupt):
        sys.exit(main())
