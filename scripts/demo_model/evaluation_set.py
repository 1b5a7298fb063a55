"""The small fixed evaluation set that the tests use."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from .audio_files import write_opus
from .augment import record
from .bank import Bank
from .clips import WINDOW_SECONDS, Clip, empty_clip, sound_clip, spoken_clip
from .evaluate import evaluation_recording
from .sounds import Rng
from .tags import EMOTIONS, LANGUAGES, SOUND_EVENTS
from .voices import SAMPLE_RATE

WINDOWS_PER_EVENT = 4
EMPTY_WINDOWS = 2
MUSIC_CLIPS = 6
RECORDINGS = 3


def _choose_clips(bank: Bank, rng: Rng) -> list[Clip]:
    """One clip per language and mood, some with music, and windows of every sound."""
    clips: list[Clip] = []
    for language in LANGUAGES:
        for emotion in EMOTIONS:
            rendition = bank.draw_speech(language, emotion, rng)
            audio = np.pad(rendition.audio, int(rng.uniform(0.05, 0.3) * SAMPLE_RATE))
            clips.append(Clip(record(audio, rng), language, emotion, "Speech", rendition.sentence.text))
    counts = dict.fromkeys(SOUND_EVENTS, WINDOWS_PER_EVENT)
    while any(counts.values()):
        clip = sound_clip(bank, rng)
        if counts[clip.event] and len(clip.audio) == int(WINDOW_SECONDS * SAMPLE_RATE):
            counts[clip.event] -= 1
            clips.append(clip)
    music = 0
    while music < MUSIC_CLIPS:
        clip = spoken_clip(bank, rng, 1, plain=False)
        if clip.event == "BGM":
            music += 1
            clips.append(clip)
    return clips + [empty_clip(rng) for _ in range(EMPTY_WINDOWS)]


def write_evaluation_set(bank: Bank, directory: Path, seed: int) -> None:
    """Write the clips, the longer recordings and ``expected.json``."""
    directory.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    clips = []
    for number, clip in enumerate(_choose_clips(bank, rng)):
        file = f"clip_{number:02d}.ogg"
        write_opus(directory / file, clip.audio)
        clips.append(
            {
                "file": file,
                "language": clip.language,
                "emotion": clip.emotion,
                "event": clip.event,
                "text": clip.text,
            }
        )
    recordings = []
    for number in range(RECORDINGS):
        audio, spans = evaluation_recording(bank, rng)
        file = f"recording_{number}.ogg"
        write_opus(directory / file, audio)
        recordings.append({"file": file, "segments_ms": spans})
    text = json.dumps({"clips": clips, "recordings": recordings}, ensure_ascii=False, indent=1)
    (directory / "expected.json").write_text(text + "\n", encoding="utf-8")
