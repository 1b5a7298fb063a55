"""Speech by espeak-ng: voices, moods, and where in a rendition the speech lies."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from .sentences import Sentence

Audio = NDArray[np.float32]

SAMPLE_RATE = 16_000

# cmn-latn-pinyin, not cmn: espeak-ng 1.51 looks hanzi up as pinyin and the plain voice then reads the
# pinyin as if it were English.
ESPEAK_LANGUAGES = {
    "zh": ("cmn-latn-pinyin",),
    "yue": ("yue",),
    "en": ("en-us", "en-gb"),
    "ja": ("ja",),
    "ko": ("ko",),
}

TRAINING_VOICES = (
    *("m1", "m2", "m3", "m5", "m6", "m7", "Andy", "john", "paul"),
    *("f1", "f2", "f4", "f5", "Annie", "linda", "Alicia"),
)
HELD_OUT_VOICES = ("m4", "f3", "belinda", "Michael")
"""Voice variants that never appear in training, for the evaluation."""


@dataclass(frozen=True)
class Mood:
    """How an emotion sounds.  The ranges of the four moods keep clear of each other.

    Loudness is left out on purpose: recordings come at any level.
    """

    rate: tuple[int, int]
    pitch: tuple[int, int]
    pitch_range: tuple[int, int]
    tilt_db: float
    drive: float


MOODS = {
    "NEUTRAL": Mood(rate=(145, 172), pitch=(42, 56), pitch_range=(90, 110), tilt_db=0.0, drive=0.0),
    "HAPPY": Mood(rate=(180, 205), pitch=(80, 97), pitch_range=(160, 200), tilt_db=4.0, drive=0.0),
    "ANGRY": Mood(rate=(185, 210), pitch=(28, 45), pitch_range=(90, 120), tilt_db=6.0, drive=4.0),
    "SAD": Mood(rate=(105, 120), pitch=(15, 32), pitch_range=(40, 60), tilt_db=-12.0, drive=0.0),
}

TILT_CORNER_HZ = 1200.0
SPEECH_FLOOR_DB = -38.0
"""What lies this far below a rendition's loudest 20 ms is silence."""
LONGEST_STOP_MS = 120
"""Silence inside speech up to this length (closed consonants) still counts as speech."""
SHORTEST_COMMA_MS = 90
COMMA_TOLERANCE = 0.2
"""The silence at a comma: how short it can be, and how far, as a share, from where the letters have it."""


@dataclass(frozen=True)
class Rendition:
    """A sentence said once: 16-bit audio cut at the speech's own ends."""

    sentence: Sentence
    emotion: str
    voice: str
    samples: NDArray[np.int16]
    comma: tuple[int, int] | None = None
    """Where the pause at the sentence's only comma lies, in samples; None where there is none to speak of."""

    @property
    def audio(self) -> Audio:
        """The samples as floats."""
        return self.samples.astype(np.float32) / 32768.0


def tilt(audio: Audio, gain_db: float) -> Audio:
    """Raise or lower what lies above the corner frequency (a first-order shelf)."""
    if gain_db == 0.0:
        return audio
    b, a = signal.butter(1, TILT_CORNER_HZ, "highpass", fs=SAMPLE_RATE)
    high = signal.lfilter(b, a, audio)
    result: Audio = (audio + (10 ** (gain_db / 20) - 1) * high).astype(np.float32)
    return result


def overdrive(audio: Audio, drive: float) -> Audio:
    """Press the voice into a soft limiter, the way shouting overloads voice and microphone."""
    if drive == 0.0:
        return audio
    loudness = float(np.sqrt(np.mean(np.square(audio)))) + 1e-6
    result: Audio = np.tanh(drive * audio / loudness * 0.8).astype(np.float32)
    return result


def speech_mask(audio: Audio, step_ms: int = 10, longest_stop_ms: int = LONGEST_STOP_MS) -> NDArray[np.bool_]:
    """Which 10 ms steps hold speech, for a rendition without background."""
    step = SAMPLE_RATE * step_ms // 1000
    count = max(1, len(audio) // step)
    padded = np.pad(audio, (0, max(0, count * step - len(audio))))[: count * step]
    energy = np.mean(np.square(padded.reshape(count, step)), axis=1)
    energy = np.convolve(energy, np.ones(3) / 3, mode="same")
    mask: NDArray[np.bool_] = energy > energy.max() * 10 ** (SPEECH_FLOOR_DB / 10)
    loud = np.flatnonzero(mask)
    for left, right in pairwise(loud):
        if (right - left - 1) * step_ms <= longest_stop_ms:
            mask[left:right] = True
    return mask


def _pause_at_comma(sentence: Sentence, audio: Audio) -> tuple[int, int] | None:
    """Find the longest silence inside a rendition, if it can be that of the sentence's only comma."""
    if sentence.clauses is None:
        return None
    step = SAMPLE_RATE // 100
    quiet = np.flatnonzero(~speech_mask(audio, longest_stop_ms=0))
    runs = np.split(quiet, np.flatnonzero(np.diff(quiet) > 1) + 1)
    longest = max(runs, key=len)
    if len(longest) * 10 < SHORTEST_COMMA_MS:
        return None
    start, end = int(longest[0]) * step, (int(longest[-1]) + 1) * step
    expected = len(sentence.clauses[0]) / (len(sentence.clauses[0]) + len(sentence.clauses[1]))
    result = start / (len(audio) - (end - start))
    return (start, end) if abs(result - expected) < COMMA_TOLERANCE else None


def say(
    sentence: Sentence,
    emotion: str,
    voice: str,
    rng: np.random.Generator,
    rate: int | None = None,
    comma_ms: int = 0,
    data: Path | None = None,
) -> Rendition:
    """Render a sentence in a mood; pitch, rate and range vary within what the mood allows.

    A given rate (words per minute) replaces the drawn one; `comma_ms` of silence are put at commas; `data` is
    espeak-ng's data directory, where it is not the installed one.
    """
    mood = MOODS[emotion]
    drawn_rate, pitch, pitch_range = (
        int(rng.integers(low, high + 1)) for low, high in (mood.rate, mood.pitch, mood.pitch_range)
    )
    language = str(rng.choice(ESPEAK_LANGUAGES[sentence.language]))
    spoken = escape(sentence.spoken)
    if comma_ms:
        spoken = re.sub(r"([，、,])", rf'\1<break time="{comma_ms}ms"/>', spoken)
    ssml = f'<speak><prosody range="{pitch_range}%">{spoken}</prosody></speak>'
    command = ["espeak-ng", "-v", f"{language}+{voice}", "-m", "--stdout"]
    command += ["-s", str(rate or drawn_rate), "-p", str(pitch), *([f"--path={data}"] if data else [])]
    # To a pipe espeak-ng writes a wav header without lengths: the rate at byte 24, samples from byte 44.
    output = subprocess.run(command, input=ssml.encode(), capture_output=True, check=True).stdout
    source_rate = int.from_bytes(output[24:28], "little")
    raw = np.frombuffer(output[44:], dtype="<i2").astype(np.float32) / 32768.0
    audio = signal.resample_poly(raw, SAMPLE_RATE, source_rate).astype(np.float32)
    steps = np.flatnonzero(speech_mask(audio))
    step = SAMPLE_RATE // 100
    audio = audio[steps[0] * step : (steps[-1] + 1) * step]
    audio = tilt(overdrive(audio, mood.drive), mood.tilt_db)
    audio = audio / (float(np.max(np.abs(audio))) + 1e-6) * 0.9
    comma = _pause_at_comma(sentence, audio)
    return Rendition(sentence, emotion, voice, (audio * 32767).astype(np.int16), comma)
