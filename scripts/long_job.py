#!/usr/bin/env python3
"""Measure how a job of two hours opens and scrolls in a browser; prints a table: python scripts/long_job.py

Rows and sound are made up, so that no recognition runs beside: 3,000 rows over two hours. The load of the
machine is printed, as the figures mean little on one that is busy.
"""

from __future__ import annotations

import os
import socket
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _root import ROOT  # noqa: F401

os.environ.setdefault("GRADIO_TEMP_DIR", tempfile.mkdtemp(prefix="sensevoice-gradio-"))

import numpy as np
from playwright.sync_api import Page, sync_playwright

from sensevoice.jobs import Job, JobRunner, JobStore, for_the_player
from sensevoice.options import Options
from sensevoice.transcribe.pipeline import cut
from sensevoice.transcript import Media, Segment, Span, Transcript
from sensevoice.ui import build_app, job_routes, launch_arguments, queue_arguments
from tests.conftest import CHROMIUM, CHROMIUM_ARGS
from tests.media import write_wav
from tests.ui.ui_script import MODEL, SETTINGS

ROWS = 3_000
ROW_MS = 2_400
HOURS_S = ROWS * ROW_MS // 1000
ROUNDS = 5

SCROLL = """async () => {
  const list = document.querySelector(".svw-scroller");
  const frames = [];
  let last = performance.now();
  const end = list.scrollHeight - list.clientHeight;
  for (let at = 0; at < 240; at += 1) {
    list.scrollTop = (end * at) / 239;
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    frames.push(now - last);
    last = now;
  }
  return frames.slice(2);
}"""
"""From the first row to the last in 240 frames, some five seconds: faster than anybody reads."""


def rows() -> tuple[Segment, ...]:
    moods = ("NEUTRAL", "ANGRY", "HAPPY", "NEUTRAL", "SAD")
    return tuple(
        Segment(
            "speech",
            Span(number * ROW_MS, (number + 1) * ROW_MS - 300),
            f"第 {number} 句话，说的是一件不长也不短的事情，听的人大致能听明白。",
            language="zh",
            emotion=moods[number % len(moods)],
            speaker=f"S{1 + number % 3}",
        )
        for number in range(ROWS)
    )


def transcribe(path: Path, options: Options) -> Iterator[Any]:
    """Give the rows at once, and write the waveform as a run does."""
    tap = for_the_player(path)
    tap.begin(Media())
    noise = np.random.default_rng(1).uniform(-0.3, 0.3, (1, 160_000)).astype(np.float32)
    for _ in range(HOURS_S // 10):
        tap.write(noise)
    tap.end()
    tap.close()
    yield from rows()
    yield Transcript(path.name, HOURS_S * 1000, rows(), model=MODEL)


def launch(folder: Path) -> tuple[Any, JobRunner, str]:
    runner = JobRunner(JobStore(folder / "data", lambda: MODEL), transcribe, 1)
    app = build_app(runner, SETTINGS)
    app.queue(**queue_arguments())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = launch_arguments(SETTINGS, job_routes(runner, lambda *wanted: [], cut))
    app.launch(server_name="127.0.0.1", server_port=port, prevent_thread_lock=True, **arguments)
    return app, runner, f"http://127.0.0.1:{port}"


def made_job(runner: JobRunner, folder: Path) -> Job:
    """Return the finished job; its recording is short, as no decoder is measured here."""
    job = runner.submit(write_wav(folder / "two hours.wav", np.zeros(16_000, np.float32)), Options())
    if not runner.wait_for_end(job.id, 120):
        raise SystemExit("the job did not end")
    return job


def opened_ms(page: Page, address: str, job: Job) -> float:
    """Return the time from a click in the library to the first row."""
    page.goto(address)
    page.wait_for_selector(".svw-job .svw-name")
    page.wait_for_timeout(1500)  # gradio has come up
    return float(
        page.evaluate(
            """async () => {
              const began = performance.now();
              document.querySelector(".svw-job .svw-name").click();
              while (!document.querySelector(".svw-rows .svw-line")) await new Promise(requestAnimationFrame);
              await new Promise(requestAnimationFrame);
              return performance.now() - began;
            }"""
        )
    )


def whole_ms(page: Page, address: str, job: Job) -> float:
    """Return the time from the request of the page at the job's address to its first row."""
    began_s = time.perf_counter()
    page.goto(f"{address}/?job={job.id}", wait_until="commit")
    page.wait_for_selector(".svw-rows .svw-line", state="attached")
    return 1000 * (time.perf_counter() - began_s)


def scrolled_ms(page: Page) -> list[float]:
    page.click(".svw-tab[data-tab=rows]")
    page.wait_for_selector(".svw-waiting", state="hidden")
    page.wait_for_timeout(1000)
    return [float(each) for each in page.evaluate(SCROLL)]


def main() -> None:
    """Print the table."""
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        app, runner, address = launch(Path(name))
        job = made_job(runner, Path(name))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_ARGS))
        page = browser.new_page(locale="zh-CN", viewport={"width": 1366, "height": 768})
        clicks = [opened_ms(page, address, job) for _ in range(ROUNDS)]
        pages = [whole_ms(page, address, job) for _ in range(ROUNDS)]
        frames = [each for _ in range(ROUNDS) for each in scrolled_ms(page)]
        browser.close()
        app.close(verbose=False)
        runner.close()
    print(f"{ROWS} rows, {HOURS_S / 3600:g} h; load {before:.1f} before, {os.getloadavg()[0]:.1f} after")
    print("| | median | worst |\n| --- | --- | --- |")
    titles = ("click to first row", "page to first row", "a frame of scrolling")
    for title, found in zip(titles, (clicks, pages, frames), strict=True):
        print(f"| {title} | {statistics.median(found):.0f} ms | {max(found):.0f} ms |")


if __name__ == "__main__":
    main()
