"""What is recognised: real speech repeated to the lengths that tasks need, and a model of the true size."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import soundfile

RATE_HZ = 16_000
CLIP_S, CLIPS = 15, 8
SHORT_CLIP_S = 10
SHORT_FILES_S = (3, 12)


RANDOM_MODEL = "true-size-model"
"""The folder of the model with random weights; with it, 8 bits are asked for by name."""


@dataclass(frozen=True)
class Material:
    """Where everything lies; `folder` holds short files, `long` is read piece by piece only."""

    model: Path
    vad: Path
    voices: Path
    clips: Path
    clip: Path
    ten_minutes: Path
    folder: Path
    long: Path | None


def prepare(reference: Path, work: Path, model: Path | None, files: int, long_s: int) -> Material:
    """Write what is not there yet below `work`; `model` None takes true size and random weights."""
    work.mkdir(parents=True, exist_ok=True)
    if model is None:
        model = work / RANDOM_MODEL
        if not (model / "model.pt").is_file():
            subprocess.run([sys.executable, reference / "make_weights.py", model], check=True)
    speech = _speech(reference / "audio")
    return Material(
        model=model,
        vad=_copied(reference / "fsmn-vad", work / "fsmn-vad"),
        voices=_voices(work / "campplus"),
        clips=_wav(work / "clips.wav", _repeated(speech, CLIP_S * CLIPS)),
        clip=_wav(work / "clip.wav", speech[: SHORT_CLIP_S * RATE_HZ]),
        ten_minutes=_wav(work / "ten_minutes.wav", _repeated(speech, 600)),
        folder=_folder(work / f"folder-{files}", speech, files),
        long=_long(work / f"long-{long_s}.wav", speech, long_s) if long_s else None,
    )


@cache
def read(path: Path) -> np.ndarray:
    """Return a file's samples, float32 mono 16 kHz; read once, as reading is not what is measured."""
    samples, rate_hz = soundfile.read(path, dtype="float32")
    assert rate_hz == RATE_HZ
    return np.asarray(samples)


def clips(path: Path) -> list[np.ndarray]:
    """Return the clips of equal length that a file is made of."""
    return list(read(path).reshape(-1, CLIP_S * RATE_HZ))


def _copied(folder: Path, to: Path) -> Path:
    """Copy a model directory: the program keeps the sums of its files beside them."""
    return shutil.copytree(folder, to, dirs_exist_ok=True)


def _voices(folder: Path) -> Path:
    """Write a CAM++ of the true size with random weights, which the time that it takes does not depend on."""
    path = folder / "campplus_cn_en_common.pt"
    if not path.is_file():
        import torch
        from funasr.models.campplus.model import CAMPPlus

        torch.manual_seed(0)
        folder.mkdir(exist_ok=True)
        (folder / "configuration.json").write_text('{"task": "speaker-verification"}')
        torch.save(CAMPPlus().state_dict(), path)
    return folder


def _speech(folder: Path) -> np.ndarray:
    parts = [read(path) for path in sorted(folder.glob("*.wav"))]
    if not parts:
        raise FileNotFoundError(f"no .wav in {folder}")
    return np.concatenate(parts)


def _repeated(speech: np.ndarray, seconds: int) -> np.ndarray:
    return np.resize(speech, seconds * RATE_HZ)


def _wav(path: Path, samples: np.ndarray) -> Path:
    if not path.is_file():
        soundfile.write(path, samples, RATE_HZ, subtype="PCM_16")
    return path


def _folder(path: Path, speech: np.ndarray, files: int) -> Path:
    path.mkdir(exist_ok=True)
    random = np.random.default_rng(0)
    for number in range(files):
        length = int(random.uniform(*SHORT_FILES_S) * RATE_HZ)
        start = int(random.integers(0, len(speech) - length))
        _wav(path / f"{number:03}.wav", speech[start : start + length])
    return path


def _long(path: Path, speech: np.ndarray, seconds: int) -> Path:
    if not path.is_file():
        with soundfile.SoundFile(path, "w", RATE_HZ, 1, subtype="PCM_16") as file:
            for start in range(0, seconds * RATE_HZ, len(speech)):
                file.write(speech[: seconds * RATE_HZ - start])
    return path
