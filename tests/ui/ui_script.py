"""A transcribe function that follows a script, for the tests of the page."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sensevoice.jobs import JobRunner, JobStore, TranscribeFn
from sensevoice.models.loading import ModelStatus
from sensevoice.options import Options
from sensevoice.progress import Progress
from sensevoice.transcript import Diagnostic, Event, ModelInfo, Segment, Span, Transcript
from sensevoice.ui import PageSettings

Item = Progress | Segment | Transcript

MODEL = ModelInfo("iic/SenseVoiceSmall", "iic/speech_fsmn_vad", "cuda:0")
READY = ModelStatus("ready", MODEL)
SETTINGS = PageSettings(Options(), lambda: READY, "0.1.0")


def speech(start_ms: int, end_ms: int, text: str, emotion: str = "NEUTRAL", **more: object) -> Segment:
    """Return a segment of Chinese speech."""
    raw = f"<|zh|><|{emotion}|><|Speech|><|withitn|>{text}"
    return Segment("speech", Span(start_ms, end_ms), text, raw, "zh", emotion, **more)  # type: ignore[arg-type]


CALL = (
    speech(600, 3200, "您好，请问有什么可以帮您？"),
    speech(3400, 9100, "我上周下的单，到现在还没发货。"),
    speech(9300, 11600, "这都第几天了？", "ANGRY"),
    speech(11800, 16000, "非常抱歉，系统显示物流信息更新延迟，我马上为您核实。"),
    Segment("sound", Span(16100, 18000), raw="<|nospeech|><|BGM|>", events=(Event("BGM", "rising"),)),
    speech(18200, 21700, "好的，谢谢！", "HAPPY"),
)
CALL_MS = 22_000
QUIET = Diagnostic(
    "level", -41.0, "录音音量很低（-41 dBFS），请靠近话筒。", "The recording is faint (-41 dBFS)."
)


def transcript(segments: tuple[Segment, ...] = CALL, **more: object) -> Transcript:
    """Return the record of a call, as a whole."""
    return Transcript("call.wav", CALL_MS, segments, model=MODEL, **more)  # type: ignore[arg-type]


def call(**more: object) -> list[Item]:
    """Return what a run over a call gives: progress and segments in turn, then the transcript."""
    items: list[Item] = []
    for segment in CALL:
        items += [segment, Progress("recognise", segment.span.end_ms, CALL_MS)]
    return [*items, transcript(**more)]


@dataclass
class Script:
    """Gives `items`, or raises them; with `hold_after`, waits there until `go` is set."""

    items: list[Item | Exception]
    hold_after: int | None = None
    go: threading.Event = field(default_factory=threading.Event)
    runs: list[tuple[Path, Options]] = field(default_factory=list)
    closed: int = 0

    def __call__(self, path: Path, options: Options) -> Iterator[Item]:
        self.runs.append((path, options))
        try:
            for number, item in enumerate(self.items):
                # Progress goes on while the test holds the script, as it does in a real run, so that a
                # cancel is noticed.
                while number == self.hold_after and not self.go.wait(0.05):
                    yield Progress("recognise", CALL_MS // 2, CALL_MS)
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            self.closed += 1


def call_or_meeting(call_name: str) -> TranscribeFn:
    """Return what gives the call for a recording of this name, and one row for every other."""

    def transcribe(path: Path, options: Options) -> Iterator[Item]:
        rows = CALL if path.name == call_name else (speech(0, 900, "会议现在开始。"),)
        yield from rows
        yield Transcript(path.name, CALL_MS, rows, model=MODEL)

    return transcribe


def runner_of(transcribe: TranscribeFn, directory: Path, at_once: int = 1, paused: bool = False) -> JobRunner:
    """Return a runner of jobs kept below a directory."""
    return JobRunner(JobStore(directory / "data", lambda: MODEL), transcribe, at_once, paused=paused)
