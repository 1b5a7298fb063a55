"""Training data: JSON Lines for fine-tuning SenseVoice, like its data/train_example.jsonl."""

from __future__ import annotations

import io
import json
import re
import wave
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path

import numpy as np

from sensevoice.audio.info import SAMPLE_RATE_HZ
from sensevoice.formats.bundle import zip_of
from sensevoice.formats.shared import one_line
from sensevoice.runtime.file_names import MAX_NAME_BYTES, cut_to_bytes
from sensevoice.tags.labels import TagKind, kind_of
from sensevoice.transcript import Segment

FBANK_FRAME_MS = 10
"""`source_len` is in frames of the frontend."""

_KEY_UNSAFE = re.compile(r"[^\w.-]+")
_HEAD_ITN = re.compile(r"<\|(withitn|woitn)\|>", re.IGNORECASE)

NO_EMOTION = "EMO_UNKNOWN"
NO_EVENT = "Speech"


def finetune_jsonl(rows: Iterable[tuple[Segment, str | Path]]) -> str:
    """Return a line for each segment of speech and the path of its clip.

    Segments that are not `is_trainable` are left out; repeated keys get a number. Lengths are counted as in
    the examples and by funasr's `scp2jsonl`.
    """
    lines = []
    used: set[str] = set()
    for segment, clip in rows:
        if not is_trainable(segment):
            continue
        key = _unused(_KEY_UNSAFE.sub("_", Path(clip).stem) or "clip", used)
        used.add(key)
        lines.append(json.dumps(_row(segment, str(clip), key), ensure_ascii=False) + "\n")
    return "".join(lines)


def finetune_bundle(rows: Sequence[tuple[Segment, np.ndarray]], stem: str) -> bytes:
    """Return a zip of `train.jsonl` and the clips it names, from float32 mono 16 kHz samples.

    `source` is the path of a clip inside the zip, to be unpacked in the directory where training is started.
    """
    stem = _KEY_UNSAFE.sub("_", cut_to_bytes(stem, MAX_NAME_BYTES)) or "clip"
    names = [f"clips/{stem}_{number}.wav" for number in range(1, len(rows) + 1)]

    def files() -> Iterator[tuple[str, str | bytes]]:
        yield "train.jsonl", finetune_jsonl((row, name) for name, (row, _) in zip(names, rows, strict=True))
        for name, (_, samples) in zip(names, rows, strict=True):
            yield name, _wav(samples)

    return zip_of(files())


def _wav(samples: np.ndarray) -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE_HZ, 0, "NONE", ""))
        file.writeframes((np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes())
    return target.getvalue()


def _unused(stem: str, used: set[str]) -> str:
    names = (f"{stem}_{number}" for number in count(2))
    return stem if stem not in used else next(name for name in names if name not in used)


def is_trainable(segment: Segment) -> bool:
    """Return whether a segment can be trained with: recognised speech with a text and a language.

    A sound has no text to align its clip with.
    """
    spoken = segment.kind == "speech" and not segment.error and bool(one_line(segment.text))
    return spoken and segment.language not in ("", "nospeech")


def target_length(text: str) -> int:
    """Return the length of a target: in words for text in Latin script, else in characters.

    Korean has spaces, and the examples count its characters including spaces and punctuation.
    """
    return len(text.split()) if _is_in_words(text) else len(text)


def _row(segment: Segment, clip: str, key: str) -> dict[str, str | int]:
    text = one_line(segment.text)
    return {
        "key": key,
        "text_language": f"<|{segment.language}|>",
        "emo_target": f"<|{segment.emotion or NO_EMOTION}|>",
        "event_target": f"<|{_event(segment)}|>",
        "with_or_wo_itn": _normalisation(segment.raw),
        "target": text,
        "source": clip,
        "target_len": target_length(text),
        "source_len": segment.span.duration_ms // FBANK_FRAME_MS,
    }


def _event(segment: Segment) -> str:
    """Return the event from before the text, which describes the whole clip as the target must."""
    heads = (event.name for event in segment.events if event.offset is None)
    return next((name for name in heads if kind_of(name) is TagKind.EVENT), NO_EVENT)


def _normalisation(raw: str) -> str:
    result = _HEAD_ITN.search(raw)
    return f"<|{result[1].lower()}|>" if result else "<|withitn|>"


def _is_in_words(text: str) -> bool:
    return all(char.isascii() or not char.isalpha() or char < "\u1100" for char in text)
