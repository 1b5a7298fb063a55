"""A click on a row plays its first word, whatever the container, in Chromium on our own page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.browser.program import Program
from tests.media import ffmpeg, needs_ffmpeg
from tests.media_truth.cases import SENTENCES_AT_S, Case, cases, source

MAX_OFF_S = 0.15

LAST_ROW = ".svw-line[data-kind=speech] .svw-time"

LISTEN = """() => {
  // What each of the page's players gives, as it will be heard.
  window.heard = [];
  const context = new AudioContext();
  for (const media of document.querySelectorAll("#sv-dock audio, #sv-dock video")) {
    const meter = context.createAnalyser();
    meter.fftSize = 256;
    context.createMediaElementSource(media).connect(meter);
    meter.connect(context.destination);
    const samples = new Float32Array(meter.fftSize);
    setInterval(() => {
      meter.getFloatTimeDomainData(samples);
      const loudest = samples.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
      const at = window.heard.at(-1);
      if (!media.paused && at?.[0] !== media.currentTime) window.heard.push([media.currentTime, loudest]);
    }, 4);
  }
  return context.resume();
}"""

FIRST_SOUND = """() => {
  const place = window.heard.findIndex(([, loudest]) => loudest > 0.02);
  if (place < 0) return null;
  const [at] = window.heard[place];
  return [at, at - (window.heard[place - 1]?.[0] ?? 0)];
}"""
"""When the first sound was seen, and how long after the look before it."""

PAUSE = """async () => {
  for (const media of document.querySelectorAll("#sv-dock audio, #sv-dock video")) media.pause();
  await new Promise((done) => setTimeout(done, 200));
  window.heard = [];
}"""

MAX_UNSEEN_S, TRIES = 0.06, 8
"""A busy machine looks too seldom to say when it began: then it is played again."""


def chosen() -> dict[str, Case]:
    """Return one of each container: with a picture late and with a hole, sound with a hole, or plain."""
    found: dict[str, Case] = {}
    for case in cases():
        holed = case.hole_s == 2 and case.delay_s == (5 if case.picture else 0)
        if holed or (not case.picture and "hole" not in case.name):
            found.setdefault(case.name.rpartition(".")[2] if holed else case.name, case)
    return found


CASES = chosen()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    running = Program(tmp_path_factory.mktemp("program"), options=["--keep-api-jobs"])
    running.wait()
    yield running
    running.kill()


@needs_ffmpeg
@pytest.mark.parametrize("name", CASES)
def test_a_click_on_a_row_plays_its_first_word(
    name: str, program: Program, open_page: Any, tmp_path: Path
) -> None:
    case = CASES[name]
    assert heard_after_a_click(program, open_page, case.write(tmp_path)) == pytest.approx(
        SENTENCES_AT_S[1] + case.late_s[1], abs=MAX_OFF_S
    )


@needs_ffmpeg
def test_a_film_whose_sound_no_browser_plays(program: Program, open_page: Any, tmp_path: Path) -> None:
    """AC-3: our copy of the sound is heard, and the picture goes along."""
    case = next(case for case in cases() if case.name.startswith("ac3-48000-late5-hole2"))
    page = after_a_click(program, open_page, case.write(tmp_path))
    assert first_sound_s(page) == pytest.approx(SENTENCES_AT_S[1] + case.late_s[1], abs=MAX_OFF_S)
    film = page.locator("#sv-dock video")
    assert film.is_visible() and film.evaluate("each => each.videoWidth") == 160
    page.wait_for_function(
        "Math.abs(document.querySelector('#sv-dock video').currentTime"
        " - document.querySelector('#sv-dock audio').currentTime) < 0.2"
    )


@needs_ffmpeg
def test_mp3_files_put_together(program: Program, open_page: Any, tmp_path: Path) -> None:
    """Each has a header of its own that speaks of its own length; the row is in the second."""
    parts = [tmp_path / "first.mp3", tmp_path / "second.mp3"]
    for part in parts:
        ffmpeg("-i", source(), "-q:a", "4", part)
    whole = tmp_path / "whole.mp3"
    whole.write_bytes(b"".join(part.read_bytes() for part in parts))
    second_s = float(ffmpeg_length_s(parts[0]))
    heard_s = heard_after_a_click(program, open_page, whole)
    assert heard_s == pytest.approx(second_s + SENTENCES_AT_S[1], abs=MAX_OFF_S)


def ffmpeg_length_s(path: Path) -> float:
    """Return how much sound a decoder gives, whatever the headers say."""
    from sensevoice.audio.source import open_audio

    with open_audio(path) as audio:
        return sum(block.shape[1] for block in audio.blocks()) / 16_000


def heard_after_a_click(program: Program, open_page: Any, path: Path) -> float:
    """Return the player's time of the first sound after a click on the last row."""
    return first_sound_s(after_a_click(program, open_page, path))


def first_sound_s(page: Any) -> float:
    """Return when the first sound after the click came, by the player's time: played again until known."""
    for _ in range(TRIES):
        page.wait_for_function(FIRST_SOUND)
        at_s, unseen_s = page.evaluate(FIRST_SOUND)
        if unseen_s <= MAX_UNSEEN_S:
            return float(at_s)
        page.evaluate(PAUSE)
        page.locator(LAST_ROW).last.click()
    pytest.fail("this machine is too busy to say when a sound begins")


def after_a_click(program: Program, open_page: Any, path: Path) -> Any:
    """Return the page of a recording when its last row has been clicked and is heard."""
    with path.open("rb") as file:
        answer = httpx.post(
            f"{program.address}/v1/audio/transcriptions", files={"file": (path.name, file)}, timeout=120
        )
    assert answer.status_code == 200, answer.text
    job = httpx.get(f"{program.address}/sv/jobs").json()["jobs"][0]
    assert job["name"] == path.name
    page = open_page(f"{program.address}/?job={job['id']}")
    page.get_by_role("tab", name="逐句").click()
    page.wait_for_selector(".svw-line")
    page.evaluate(LISTEN)
    page.locator(LAST_ROW).last.click()
    page.wait_for_function(FIRST_SOUND)
    return page
