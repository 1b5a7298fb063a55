"""A click on a row plays its first word, whatever the container, in Chromium in our own page."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client, handle_file

from tests.browser.program import Program
from tests.media import needs_ffmpeg
from tests.media_truth.cases import cases

MAX_OFF_S = 0.15

CHOSEN = {
    case.name.rsplit(".")[-1] if case.picture else case.name: case
    for case in cases()
    if (case.picture and case.delay_s == 5 and case.hole_s == 2) or (not case.picture and case.hole_s != 10)
}
"""One of each container with a picture, late and with a hole, and every sound alone."""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    started = Program(tmp_path_factory.mktemp("program"))
    try:
        started.wait()
        yield started.address
    finally:
        started.kill()


@needs_ffmpeg
@pytest.mark.parametrize("name", CHOSEN)
def test_the_player_has_the_length_and_the_place_of_the_record(
    name: str, program: str, browser: Any, tmp_path: Path
) -> None:
    path = CHOSEN[name].write(tmp_path)
    Client(program, verbose=False).predict(audio=handle_file(str(path)), api_name="/transcribe")
    job = _get(f"{program}/sv/jobs")["jobs"][0]
    details = _get(f"{program}/sv/jobs/{job['id']}")
    rows = _get(f"{program}/sv/jobs/{job['id']}/segments")["segments"]
    address = f"{program}/sv/jobs/{job['id']}/audio" + ("?as=opus" if details["copy"] else "")
    last = [row for row in rows if row["text"]][-1]
    heard = _rising_edge(browser, program, address, last["start_ms"] / 1000)
    assert heard == pytest.approx(last["start_ms"] / 1000 + DETECTOR_LEAD_S, abs=MAX_OFF_S)


DETECTOR_LEAD_S = 0.09
"""How much before the first sound of a word the detector lets a row begin, in this recording."""

EDGE = """async ([address, from_s]) => {
  // Plays from two seconds before the row, and notes when it is no longer silent.
  const media = document.createElement("video");
  media.src = address;
  document.body.append(media);
  await new Promise((done, fail) => {
    media.onloadedmetadata = done;
    media.onerror = () => fail(media.error.message);
  });
  const context = new AudioContext();
  const meter = context.createAnalyser();
  meter.fftSize = 512;
  context.createMediaElementSource(media).connect(meter);
  media.currentTime = Math.max(0, from_s - 0.4);
  await new Promise((done) => { media.onseeked = done; });
  await media.play();
  const samples = new Float32Array(meter.fftSize);
  const began = performance.now();
  while (performance.now() - began < 5000) {
    meter.getFloatTimeDomainData(samples);
    if (Math.max(...samples.map(Math.abs)) > 0.02) {
      const at = media.currentTime;
      media.remove();
      return at;
    }
    await new Promise((done) => setTimeout(done, 5));
  }
  media.remove();
  return -1;
}"""


def _rising_edge(browser: Any, origin: str, address: str, from_s: float) -> float:
    page = browser.new_page()
    try:
        page.goto(f"{origin}/sv/labels")
        return float(page.evaluate(EDGE, [address, from_s]))
    finally:
        page.close()


def _get(address: str) -> Any:
    for _ in range(50):
        with urllib.request.urlopen(address) as answer:
            result = json.load(answer)
        if result.get("state", "done") == "done":
            return result
        time.sleep(0.2)
    return result
