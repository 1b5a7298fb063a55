"""Two to eight channels: each sentence is heard once, under the channel that it was said in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from sensevoice.audio.source import open_audio
from sensevoice.options import Options
from sensevoice.protocols import Recognizer
from sensevoice.transcribe.pipeline import transcribe
from sensevoice.transcript import Transcript
from tests.conftest import SAMPLES
from tests.media import RATE_HZ, write_wav

EDGE_MS = 90
PAUSE_S = 1.2


@pytest.fixture(scope="module")
def sentences() -> list[tuple[str, np.ndarray]]:
    """Sentences with their text, with as much of the pauses around them as a row has."""
    result = []
    for name in ("customer_call", "podcast"):
        sample = SAMPLES[name]
        with open_audio(sample.path) as audio:
            spoken = np.concatenate(list(audio.blocks()), axis=1)[0]
        for said in sample.utterances:
            part = spoken[max(0, said.start_ms - EDGE_MS) * 16 : (said.end_ms + EDGE_MS) * 16]
            result.append((said.text, part))
    return result


def write_channels(path: Path, sentences: list[tuple[str, np.ndarray]], count: int) -> Path:
    """Write a WAV without a layout in which each channel says one sentence when the one before has ended."""
    pause = round(PAUSE_S * RATE_HZ)
    samples = np.random.default_rng(count).normal(
        0, 0.0005, (count, sum(len(part) + pause for _, part in sentences[:count]) + pause)
    )
    at = pause
    for channel, (_, part) in enumerate(sentences[:count]):
        samples[channel, at : at + len(part)] = part
        at += len(part) + pause
    return write_wav(path, samples)


def rows(transcript: Transcript) -> list[tuple[str | None, str]]:
    return [(segment.channel, segment.text) for segment in transcript.segments if segment.text]


def names(count: int) -> list[str]:
    return ["left", "right"] if count == 2 else [str(number) for number in range(1, count + 1)]


@pytest.mark.parametrize("count", range(2, 9))
def test_channels_without_a_layout(
    count: int, sentences: list[tuple[str, np.ndarray]], tmp_path: Path, demo_recognizer: Recognizer
) -> None:
    path = write_channels(tmp_path / "discrete.wav", sentences, count)
    expected = [text for text, _ in sentences[:count]]
    split = transcribe(path, demo_recognizer, Options(channel="split", sounds=False))
    assert rows(split) == list(zip(names(count), expected, strict=True))
    mix = transcribe(path, demo_recognizer, Options(sounds=False))
    assert rows(mix) == [(None, text) for text in expected]


@pytest.mark.parametrize("count", [3, 5, 6, 8])
def test_channels_of_a_named_layout(
    count: int, sentences: list[tuple[str, np.ndarray]], tmp_path: Path, demo_recognizer: Recognizer
) -> None:
    """FLAC gives each number of channels a layout: front, centre, low frequencies, back (RFC 9639, 9.1.3)."""
    samples, rate_hz = soundfile.read(write_channels(tmp_path / "plain.wav", sentences, count))
    path = tmp_path / "named.flac"
    soundfile.write(path, samples, rate_hz)
    expected = [text for text, _ in sentences[:count]]
    split = transcribe(path, demo_recognizer, Options(channel="split", sounds=False))
    assert rows(split) == list(zip(names(count), expected, strict=True))
    mix = transcribe(path, demo_recognizer, Options(sounds=False))
    assert rows(mix) == [(None, text) for text in expected]
