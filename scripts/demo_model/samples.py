"""The three sample recordings that come with the program, and a check that they are understood.

People pause in them as people do: for 0.2 to 0.7 s, between turns and, sometimes, at a comma.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .audio_files import read_audio, write_audio, write_opus
from .evaluate import Answer
from .sentences import find
from .sounds import MAKERS, Rng, at_loudness, fade, noise, soft_edges
from .voices import SAMPLE_RATE, Audio, say

SPEECH_LOUDNESS = 0.09
SOUND_LOUDNESS = 0.06
ROOM_LOUDNESS = 0.0005
"""A trace of room noise, far below anything that counts as audible."""
CANDIDATES = 12
PAUSE_S = (0.2, 0.7)
COMMA_MS = (200, 450)
COMMA_SHARE = 0.5
"""How many of the sentences with a comma stop there."""
PAUSE_SEED = 100
END_S = 0.4
EDGE_MS = 450
"""How far the ends of a row may be from those of its line: the last row ends with the file."""


@dataclass(frozen=True)
class Line:
    """A spoken line of a scene, and the sounds that follow it before the next begins."""

    text: str
    voice: str
    emotion: str = "NEUTRAL"
    rate: int | None = None
    music_under: bool = False
    sounds: tuple[Sound, ...] = ()


@dataclass(frozen=True)
class Sound:
    """A sound that follows a line; ``growth`` is the change of its level in decibels."""

    event: str
    seconds: float
    growth: float = 0.0


@dataclass(frozen=True)
class Scene:
    """A sample recording."""

    name: str
    title_zh: str
    title_en: str
    seed: int
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Entry:
    """One thing that happens in a recording: an utterance (with text) or a sound (without)."""

    start_ms: int
    end_ms: int
    text: str
    language: str
    emotion: str
    event: str
    growth_db: float = 0.0


AGENT, CUSTOMER = "f4", "m3"
HOST, GUEST = "m1", "f5"
CALL_RATE = 166
"""Words a minute: quick, as on the telephone."""
SOUND_GAP = 0.15
"""Between a line and its sounds, and from sound to sound, in seconds."""

LAUGHTER = Sound("Laughter", 2.5)

SCENES = (
    Scene(
        "customer_call",
        "客服电话",
        "Customer call",
        11,
        (
            Line("您好，请问有什么可以帮您？", AGENT, rate=CALL_RATE),
            Line("我上周下的单，到现在还没发货…", CUSTOMER, rate=CALL_RATE),
            Line("这都第几天了？", CUSTOMER, "ANGRY"),
            Line("非常抱歉，系统显示物流信息更新延迟…", AGENT, rate=CALL_RATE),
            Line("那我现在能查到单号吗？", CUSTOMER, rate=CALL_RATE),
            Line("好的，我马上为您处理！", AGENT, "HAPPY", music_under=True),
        ),
    ),
    Scene(
        "podcast",
        "技术播客（多语言）",
        "Tech podcast (several languages)",
        12,
        (
            Line("Today we're talking about LLM inference optimization…", HOST),
            Line("对，特别是 FlashAttention 的内存复用机制。", GUEST),
            Line("はい、その通りです。", GUEST),
            Line("Exactly, it reduces memory bandwidth pressure.", HOST),
        ),
    ),
    Scene(
        "talk_show",
        "脱口秀",
        "Talk show",
        13,
        (
            Line("所以我说啊，程序员最怕的不是 bug…", HOST, sounds=(LAUGHTER,)),
            Line(
                "是产品经理说“这个需求很简单”！",
                HOST,
                sounds=(LAUGHTER, Sound("Applause", 3.0), Sound("BGM", 5.0, growth=14.0)),
            ),
            Line("下次咱们聊怎么优雅地拒绝需求…", HOST, sounds=(LAUGHTER, Sound("BGM", 4.0))),
        ),
    ),
)


def steady_sound(event: str, seconds: float, rng: Rng) -> Audio:
    """Of several drawn sounds the one whose level moves least from half second to half second."""
    half = SAMPLE_RATE // 2

    def unrest(audio: Audio) -> float:
        halves = audio[: len(audio) // half * half].reshape(-1, half)
        return float(np.std(np.log(np.sqrt(np.mean(np.square(halves), axis=1)) + 1e-6)))

    return min((MAKERS[event](seconds, rng) for _ in range(CANDIDATES)), key=unrest)


def make_scene(scene: Scene) -> tuple[Audio, list[Entry]]:
    """Put a scene together; audio and what happens when."""
    rng = np.random.default_rng(scene.seed)
    pauses = np.random.default_rng(scene.seed + PAUSE_SEED)
    pieces: list[Audio] = []
    timeline: list[Entry] = []

    def now() -> int:
        return sum(map(len, pieces)) * 1000 // SAMPLE_RATE

    def wait(seconds: float) -> None:
        pieces.append(np.zeros(int(seconds * SAMPLE_RATE), dtype=np.float32))

    wait(0.3)
    for line in scene.lines:
        sentence = find(line.text)
        stops = sentence.clauses is not None and pauses.random() < COMMA_SHARE
        comma_ms = int(pauses.integers(*COMMA_MS)) if stops else 0
        message = say(sentence, line.emotion, line.voice, rng, line.rate, comma_ms)
        speech = at_loudness(message.audio, SPEECH_LOUDNESS)
        event = "Speech"
        if line.music_under:
            event = "BGM"
            music = steady_sound("BGM", len(speech) / SAMPLE_RATE, rng)
            speech = speech + soft_edges(at_loudness(music, SPEECH_LOUDNESS * 0.22), 0.1)[: len(speech)]
        start = now()
        pieces.append(speech)
        timeline.append(Entry(start, now(), line.text, sentence.language, line.emotion, event))
        for sound in line.sounds:
            wait(SOUND_GAP)
            audio = at_loudness(steady_sound(sound.event, sound.seconds, rng), SOUND_LOUDNESS)
            audio = soft_edges(fade(audio * (1.5 if sound.growth else 1.0), sound.growth), 0.05)
            start = now()
            pieces.append(audio)
            timeline.append(Entry(start, now(), "", "nospeech", "EMO_UNKNOWN", sound.event, sound.growth))
        wait(END_S if line is scene.lines[-1] else pauses.uniform(*PAUSE_S))
    audio = np.concatenate(pieces)
    audio = audio + at_loudness(noise(len(audio) / SAMPLE_RATE + 0.01, rng)[: len(audio)], ROOM_LOUDNESS)
    return np.clip(audio, -0.99, 0.99), timeline


def write_samples(directory: Path) -> None:
    """Write the recordings and ``samples.json``."""
    directory.mkdir(parents=True, exist_ok=True)
    descriptions = []
    for scene in SCENES:
        audio, timeline = make_scene(scene)
        file = f"{scene.name}.ogg"
        write_opus(directory / file, audio)
        descriptions.append(
            {
                "name": scene.name,
                "title": {"zh": scene.title_zh, "en": scene.title_en},
                "file": file,
                "duration_ms": len(audio) * 1000 // SAMPLE_RATE,
                "timeline": [asdict(entry) for entry in timeline],
            }
        )
    text = json.dumps(descriptions, ensure_ascii=False, indent=2)
    (directory / "samples.json").write_text(text + "\n", encoding="utf-8")


def _check(recognizer: Any, path: Path, timeline: list[Entry], report: list[str]) -> list[str]:
    """Recognise one recording as the program does and list what differs from its timeline."""
    from sensevoice.transcribe.pipeline import transcribe  # imports take seconds

    wrong: list[str] = []
    segments = transcribe(path, recognizer).segments
    rows = [segment for segment in segments if segment.kind == "speech"]
    report += [
        f"  {segment.span.start_ms} to {segment.span.end_ms} {segment.raw or segment.events}"
        for segment in segments
    ]
    lines = [entry for entry in timeline if entry.text]
    if len(rows) != len(lines):
        wrong.append(f"{len(rows)} rows for {len(lines)} lines")
    for row, entry in zip(rows, lines, strict=False):
        event = row.events[0].name if row.events else "Speech"
        answer = Answer(row.language, row.emotion, event, row.text)
        if answer != Answer(entry.language, entry.emotion, entry.event, entry.text):
            wrong.append(f"{entry.text} -> {answer}")
        if max(abs(row.span.start_ms - entry.start_ms), abs(row.span.end_ms - entry.end_ms)) > EDGE_MS:
            wrong.append(f"{entry.text}: found at {row.span}, is at {entry.start_ms}, {entry.end_ms}")
    heard = [event.name for segment in segments if segment.kind == "sound" for event in segment.events]
    sounds = [entry.event for entry in timeline if not entry.text]
    if heard != sounds:
        wrong.append(f"sounds: {heard}, not {sounds}")
    return wrong


def check_samples(recogniser: Path, detector: Path, directory: Path) -> bool:
    """Recognise the sample files as they are and in other formats; print lines and differences."""
    variants = {
        "8 kHz wav": ("a.wav", "pcm_s16le", 8000, 0),
        "mp3 64k": ("a.mp3", "libmp3lame", SAMPLE_RATE, 64_000),
        "opus 16k": ("a.ogg", "libopus", SAMPLE_RATE, 16_000),
    }
    from sensevoice.models.loader import FunasrRecognizer
    from sensevoice.transcript import ModelInfo

    recognizer = FunasrRecognizer(recogniser, detector, ModelInfo("", "", "cpu", precision="fp32"))
    fine = True
    for sample in json.loads((directory / "samples.json").read_text(encoding="utf-8")):
        timeline = [Entry(**entry) for entry in sample["timeline"]]
        audio = read_audio(directory / sample["file"])
        report: list[str] = []
        wrong = {"as is": _check(recognizer, directory / sample["file"], timeline, report)}
        with tempfile.TemporaryDirectory() as folder:
            for name, (file, codec, rate, bit_rate) in variants.items():
                path = Path(folder) / file
                write_audio(path, audio, codec, rate, bit_rate)
                wrong[name] = _check(recognizer, path, timeline, [])
        print(f"sample {sample['name']}, {sample['duration_ms'] / 1000:.1f} s")
        print("\n".join(report))
        for name, differences in wrong.items():
            print(f"  {name}: {'as expected' if not differences else ''}")
            for difference in differences:
                fine = False
                print(f"    {difference}")
    return fine
