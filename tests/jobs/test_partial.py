"""A recording of which only the first part could be read: never told to be whole, wherever it is shown."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sensevoice.audio.worker import ParallelDecoder, parallel
from sensevoice.audio.worker.handle import WorkerHandle
from sensevoice.formats import FORMATS, VIEWS, from_dict, render, render_view, to_dict
from sensevoice.formats.bundle import entry_names
from sensevoice.formats.shared import RenderOptions
from sensevoice.jobs import Result
from sensevoice.options import Options
from sensevoice.transcribe.pipeline import iter_updates, transcribe
from sensevoice.transcript import Transcript
from sensevoice.ui import markup
from tests.fakes import FakeRecognizer
from tests.formats.office import text_of
from tests.media import ffmpeg, needs_ffmpeg, tone, write_wav
from tests.ui.test_routes import Site
from tests.ui.ui_script import Script, call, transcript

SECONDS = 400
UNTIL_MS = 13_500

CONTAINERS = {
    "a.mkv": ("-c:a", "libvorbis"),
    "a.ogg": ("-c:a", "libvorbis"),
    "a.mp3": ("-b:a", "32k"),
    "a.wav": (),
    "a.m4a": ("-c:a", "aac"),
}
"""Those that state the length of the track, and those that do not."""


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wav(tmp_path_factory.mktemp("source") / "long.wav", tone(440, SECONDS))


def recognizer() -> FakeRecognizer:
    return FakeRecognizer([(0, 1000)], lambda clip, options: "<|zh|>好")


def stop_the_first(monkeypatch: pytest.MonkeyPatch, and_all_others: bool) -> None:
    """Kill the first decoder after its first sound, and with `and_all_others` each that takes its place."""
    chunks, dead = ParallelDecoder._in_one_pass, []

    def kill_after_one(self: ParallelDecoder) -> Iterator[Any]:
        for number, chunk in enumerate(chunks(self)):
            yield chunk
            if number == 0 and not dead:
                dead.append(self.pid)
                os.kill(self.pid, signal.SIGKILL)

    def start(*file: Any) -> WorkerHandle:
        process = WorkerHandle(*file)
        if dead and and_all_others:
            os.kill(process.pid, signal.SIGKILL)
        return process

    monkeypatch.setattr(ParallelDecoder, "_in_one_pass", kill_after_one)
    monkeypatch.setattr(parallel, "WorkerHandle", start)


@needs_ffmpeg
@pytest.mark.parametrize("name", CONTAINERS)
def test_a_decoder_that_dies_again_and_again_makes_the_transcript_partial(
    name: str, recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    ffmpeg("-i", recording, *CONTAINERS[name], path)
    stop_the_first(monkeypatch, and_all_others=True)
    result = transcribe(path, recognizer(), Options(sounds=False))
    until_ms = result.complete_until_ms
    assert until_ms is not None and 0 < until_ms < SECONDS * 1000
    (message,) = [each for each in result.diagnostics if each.name == "partial"]
    assert message.value == round(until_ms / 1000, 2)
    assert f"{until_ms // 60_000}:{until_ms // 1000 % 60:02d}" in message.zh
    assert result.segments, "what came stays"


@needs_ffmpeg
@pytest.mark.parametrize("name", CONTAINERS)
def test_a_decoder_that_dies_once_changes_nothing(
    name: str, recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    ffmpeg("-i", recording, *CONTAINERS[name], path)
    undisturbed = transcribe(path, recognizer(), Options(sounds=False))
    stop_the_first(monkeypatch, and_all_others=False)
    assert transcribe(path, recognizer(), Options(sounds=False)) == undisturbed
    assert undisturbed.complete_until_ms is None


@pytest.fixture
def partial() -> Transcript:
    return transcript(complete_until_ms=UNTIL_MS)


@pytest.mark.parametrize("labels", ["zh", "en"])
def test_every_export_and_view_says_where_it_ends(partial: Transcript, labels: str) -> None:
    sentence = "0:13 之后没有转写" if labels == "zh" else "nothing after 0:13 was transcribed"
    for name in FORMATS:
        if name.startswith(("highlights", "edl", "markers")):  # their files' names say it
            continue
        content = text_of(render(partial, name, RenderOptions(locale=labels)))
        assert sentence in content.replace("\n", " ") or '"complete_until_ms": 13500' in content, name
        assert sentence not in text_of(render(transcript(), name, RenderOptions(locale=labels)))
    for view in VIEWS:
        assert sentence in render_view(partial, view, labels)


def test_the_record_says_it_and_can_be_read_back(partial: Transcript) -> None:
    data = to_dict(partial)
    assert (data["partial"], data["complete_until_ms"]) == (True, UNTIL_MS)
    assert from_dict(data) == partial
    whole = to_dict(transcript())
    assert (whole["partial"], whole["complete_until_ms"]) == (False, None)
    del whole["partial"], whole["complete_until_ms"]
    assert from_dict(whole) == transcript(), "as earlier versions wrote it"
    assert [json.loads(line) for line in render(partial, "jsonl").splitlines()][-1]["partial"]


def test_names_of_files_say_it(partial: Transcript) -> None:
    assert entry_names([partial], ".srt") == ["call.partial.srt"]
    assert entry_names([transcript()], ".srt") == ["call.srt"]


def test_the_page_and_the_routes_say_it(tmp_path: Path) -> None:
    site = Site(Script(call(complete_until_ms=UNTIL_MS)), tmp_path)
    job_id = site.done()
    (listed,) = site.get("jobs")["jobs"]
    assert (listed["state"], listed["partial"], listed["complete_until_ms"]) == ("done", True, UNTIL_MS)
    details = site.get(f"jobs/{job_id}")
    assert details["partial"] and details["complete_until_ms"] == UNTIL_MS
    export = site.client.get(f"/sv/jobs/{job_id}/export?format=srt&labels=en")
    assert ".partial.srt" in export.headers["content-disposition"]
    assert "nothing after 0:13" in export.text.replace("\n", " ")
    job = site.runner.store.job(job_id)
    result = site.runner.store.result(job)
    assert result.partial
    for reader, message in (("zh", "未完成，只到 0:13"), ("en", "Not finished, up to 0:13 only")):
        assert message in markup.summary(result, 1.0, reader)  # type: ignore[arg-type]
    site.runner.close()


def test_a_whole_one_is_not_partial(tmp_path: Path) -> None:
    site = Site(Script(call()), tmp_path)
    job_id = site.done()
    assert not site.get(f"jobs/{job_id}")["partial"]
    assert "未完成" not in markup.summary(Result(transcript(), partial=False), 1.0, "zh")
    site.runner.close()


def test_the_api_says_it(recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_the_first(monkeypatch, and_all_others=True)
    last = list(iter_updates(recording, recognizer(), Options(sounds=False)))[-1]
    assert isinstance(last, Transcript) and to_dict(last)["partial"] is True
