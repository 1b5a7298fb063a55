"""Where the bundled demonstration model lies, and the recordings and sentences that come with it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sensevoice.errors import ModelFileMissing

DEMO_DIR = Path(__file__).parents[2] / "demo"
ASR_DIR = DEMO_DIR / "sensevoice-small"
VAD_DIR = DEMO_DIR / "fsmn-vad"
SPEAKER_DIR = DEMO_DIR / "campplus"
SAMPLES_DIR = DEMO_DIR / "samples"


@dataclass(frozen=True)
class Utterance:
    """What is said or heard in a sample recording, and when; times in milliseconds."""

    start_ms: int
    end_ms: int
    text: str


@dataclass(frozen=True)
class SampleRecording:
    """A recording made for the demonstration model; `utterances` is its true timeline."""

    name: str
    title_zh: str
    title_en: str
    path: Path
    utterances: tuple[Utterance, ...]


def sample_recordings() -> tuple[SampleRecording, ...]:
    """Return the bundled recordings in the order of the page. Raises ModelFileMissing."""
    listed = json.loads(_read(SAMPLES_DIR / "samples.json"))
    return tuple(_recording(item) for item in listed)


def sentences() -> tuple[tuple[str, str], ...]:
    """Return (language, text) for every sentence that the demonstration model knows."""
    listed = json.loads(_read(DEMO_DIR / "sentences.json"))
    return tuple((language, text) for language, texts in listed.items() for text in texts)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError as exc:
        raise ModelFileMissing(path=DEMO_DIR, file=path.name) from exc


def _recording(item: dict[str, Any]) -> SampleRecording:
    return SampleRecording(
        name=item["name"],
        title_zh=item["title"]["zh"],
        title_en=item["title"]["en"],
        path=SAMPLES_DIR / item["file"],
        utterances=tuple(
            Utterance(entry["start_ms"], entry["end_ms"], entry.get("text", "")) for entry in item["timeline"]
        ),
    )
