#!/usr/bin/env python3
"""Measure rows on generated conversations: this program's way, without and with speakers, joining by
length, and funasr's own call.

The conversations are made by espeak-ng, the same ones every time, in voices that training never hears
(scripts/demo_model/conversations.py). `docs/conversations.md` holds the table; the tests hold a small part of
the conversations (`--write-part`).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import _root  # noqa: F401
from demo_model.audio_files import write_audio, write_opus
from demo_model.conversation_scores import HEADINGS, ConversationScores, Row
from demo_model.conversations import Conversation, make_conversation
from demo_model.evaluate import detect, load_asr, load_vad, recognise
from demo_model.voices import Audio

from sensevoice.models.loader import ModelSettings, load_recognizer
from sensevoice.models.sources import demo
from sensevoice.options import Options
from sensevoice.protocols import Recognizer
from sensevoice.transcribe.pipeline import transcribe
from tests.speakers.voices.encoder import Resemblyzer, weights

FIRST_SEED = 7_000
PART_SEEDS = ((9_001, 45.0), (9_002, 50.0), (9_003, 45.0))
"""The part that the tests run: less than three minutes, each recorded in another way."""

FUNASR_MERGE_MS = 15_000
SHORTEST_CLIP = 400
"""Samples: funasr divides by zero for less than a frame."""

Contestant = Callable[[Audio, Path], list[Row]]


def ours(recognizer: Recognizer, options: Options) -> Contestant:
    """This program, from a file to its rows."""

    def rows(audio: Audio, path: Path) -> list[Row]:
        return [
            Row(
                segment.span.start_ms,
                segment.span.end_ms,
                segment.text,
                segment.language,
                segment.emotion,
                segment.speaker,
            )
            for segment in transcribe(path, recognizer, options).segments
            if segment.kind == "speech" and segment.text
        ]

    return rows


def funasr(model: Path, vad_model: Path) -> Contestant:
    """funasr's call with `vad_model` and `merge_vad`, in its parts, as the whole gives no times."""
    from funasr.utils.vad_utils import merge_vad

    asr, vad = load_asr(model), load_vad(vad_model)

    def rows(audio: Audio, path: Path) -> list[Row]:
        result = []
        for start_ms, end_ms in merge_vad(detect(vad, audio), FUNASR_MERGE_MS):
            clip = audio[start_ms * 16 : end_ms * 16]
            if len(clip) < SHORTEST_CLIP:
                continue
            answer = recognise(asr, clip)
            result.append(Row(start_ms, end_ms, answer.text, answer.language, answer.emotion))
        return [row for row in result if row.text]

    return rows


def contestants(
    model: Path, vad_model: Path, only: Sequence[str], by_resemblyzer: bool = False
) -> dict[str, Contestant]:
    """Open what is compared, by name; Resemblyzer's encoder of voices takes the bundled one's place."""
    speaker_model = str(demo.SPEAKER_DIR)
    settings = ModelSettings(
        str(model), str(vad_model), device="cpu", precision="fp32", speaker_model=speaker_model
    )
    recognizer = load_recognizer(settings, self_test=False)
    if by_resemblyzer:
        encoder = resemblyzer()
        recognizer.open_voices = lambda: encoder  # type: ignore[method-assign]
    every: dict[str, Callable[[], Contestant]] = {
        "default": lambda: ours(recognizer, Options()),
        "speakers": lambda: ours(recognizer, Options(speakers="auto")),
        "length": lambda: ours(recognizer, Options(merge="length")),
        "funasr": lambda: funasr(model, vad_model),
    }
    return {name: every[name]() for name in only or every}


def resemblyzer() -> Resemblyzer:
    """Return an encoder that was trained on people, from its wheel (pip install --no-deps resemblyzer)."""
    path = weights()
    if path is None:
        raise SystemExit("Resemblyzer is not installed: pip install --no-deps resemblyzer")
    return Resemblyzer(path)


def conversations(seeds: Sequence[int]) -> Iterator[tuple[Audio, Conversation]]:
    """Make conversations on all cores."""
    with ProcessPoolExecutor() as pool:
        yield from pool.map(make_conversation, seeds)


def evaluate(seeds: Sequence[int], opened: dict[str, Contestant]) -> dict[str, ConversationScores]:
    """Score every contestant on every conversation."""
    scores = {name: ConversationScores() for name in opened}
    with tempfile.TemporaryDirectory() as folder:
        for number, (audio, truth) in enumerate(conversations(seeds)):
            path = Path(folder) / f"{number}.wav"
            write_audio(path, audio, "pcm_s16le")
            for name, rows in opened.items():
                scores[name].add(truth.utterances, rows(audio, path))
            path.unlink()
            print(f"{number + 1} of {len(seeds)}", end="\r", file=sys.stderr, flush=True)
    return scores


def table(scores: dict[str, ConversationScores]) -> str:
    """The scores as a table in Markdown."""
    columns = {name: each.values(with_speakers=bool(each.speaker_ms)) for name, each in scores.items()}
    lines = [f"| | {' | '.join(columns)} |", f"| --- |{' --- |' * len(columns)}"]
    for number, heading in enumerate(HEADINGS):
        lines.append(f"| {heading} | {' | '.join(values[number] for values in columns.values())} |")
    return "\n".join(lines)


def write_part(directory: Path) -> None:
    """Write the part for the tests: recordings and `truth.json`."""
    directory.mkdir(parents=True, exist_ok=True)
    truth: list[dict[str, Any]] = []
    for seed, seconds in PART_SEEDS:
        audio, conversation = make_conversation(seed, seconds)
        write_opus(directory / f"conversation_{seed}.ogg", audio, bit_rate=24_000)
        truth.append({"file": f"conversation_{seed}.ogg", **asdict(conversation)})
    text = json.dumps(truth, ensure_ascii=False, indent=1)
    (directory / "truth.json").write_text(text + "\n", encoding="utf-8")


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, default=demo.ASR_DIR, metavar="DIR")
    parser.add_argument("--vad-model", type=Path, default=demo.VAD_DIR, metavar="DIR")
    parser.add_argument("--count", type=int, default=60, metavar="N", help="how many conversations")
    parser.add_argument("--only", nargs="*", default=(), choices=("default", "speakers", "length", "funasr"))
    parser.add_argument(
        "--resemblyzer",
        action="store_true",
        help="for `speakers`, its encoder, trained on people, in the bundled one's place",
    )
    parser.add_argument("--show-mistakes", type=int, default=0, metavar="N")
    parser.add_argument(
        "--write-part", type=Path, metavar="DIR", help="write the part for the tests, no more"
    )
    arguments = parser.parse_args()
    if arguments.write_part:
        write_part(arguments.write_part)
        return 0
    opened = contestants(arguments.model, arguments.vad_model, arguments.only, arguments.resemblyzer)
    scores = evaluate(range(FIRST_SEED, FIRST_SEED + arguments.count), opened)
    for name, each in scores.items():
        for mistake in each.mistakes[: arguments.show_mistakes]:
            print(f"{name}: {mistake}")
    print(table(scores))
    return 0


if __name__ == "__main__":
    sys.exit(main())
