"""The recordings of a check: the released model's examples or the bundled samples, and files made of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sensevoice.audio.info import SAMPLE_RATE_HZ, SAMPLES_PER_MS
from sensevoice.audio.source import open_audio, select_channels
from sensevoice.models.graphs.known_speech import EXAMPLES, TAIL_MS
from sensevoice.models.sources import demo

CLIP_S, SHORT_S = 10, 7
GAP_S = 0.5
"""Between two recordings in a row: enough for two rows."""


@dataclass(frozen=True)
class Material:
    """Paths: recordings whose text is shown, a clip of 10 s, long files, and a folder of short ones."""

    shown: list[Path]
    clip: Path
    long_wav: Path
    long_mp3: Path
    short: list[Path]
    long_s: float


def prepare(folder: Path, model: Path, long_s: float, short_files: int) -> Material:
    """Write the files of a check into a folder."""
    shown = sorted((model / EXAMPLES).glob("*.mp3")) or _sentences(folder)
    gap = np.zeros(int(GAP_S * SAMPLE_RATE_HZ), np.float32)
    speech = np.concatenate([part for path in shown for part in (_read(path), gap)])
    short: list[Path] = []
    for number in range(short_files):
        turned = np.roll(speech, -number * SAMPLE_RATE_HZ)  # each file another
        short.append(_write(folder / f"short-{number:03}.wav", turned, SHORT_S))
    return Material(
        shown,
        _write(folder / "clip.wav", speech, CLIP_S),
        _write(folder / "long.wav", speech, long_s),
        _write(folder / "long.mp3", speech, long_s),
        short,
        long_s,
    )


def _sentences(folder: Path) -> list[Path]:
    """Write a few spoken sentences of the bundled samples, each into a file."""
    paths: list[Path] = []
    for sample in demo.sample_recordings():
        spoken = [item for item in sample.utterances if item.text][:2]
        for number, item in enumerate(spoken):
            part = _read(sample.path)[
                item.start_ms * SAMPLES_PER_MS : (item.end_ms + TAIL_MS) * SAMPLES_PER_MS
            ]
            path = folder / f"{sample.name}-{number + 1}.wav"
            paths.append(_write(path, part, len(part) / SAMPLE_RATE_HZ))
    return paths


def _read(path: Path) -> np.ndarray:
    with open_audio(path) as source:
        return np.concatenate([select_channels(block, "mix")[0] for block in source.blocks()])


def _write(path: Path, speech: np.ndarray, seconds: float) -> Path:
    """Write speech, repeated to a length, in the format that the file's name says."""
    import soundfile  # comes with funasr, which reads files by it

    wanted = int(seconds * SAMPLE_RATE_HZ)
    with soundfile.SoundFile(path, "w", SAMPLE_RATE_HZ, 1) as file:
        while wanted > 0:
            file.write(speech[:wanted])
            wanted -= len(speech)
    return path
