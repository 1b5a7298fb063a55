"""The three sample recordings that come with the program, and a check that they are understood."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .audio_files import read_audio, write_audio, write_opus
from .clips import WINDOW_SECONDS
from .evaluate import Answer, detect, recognise
from .sentences import find
from .sounds import MAKERS, Rng, at_loudness, fade, noise, soft_edges
from .voices import SAMPLE_RATE, Audio, say

SPEECH_LOUDNESS = 0.09
SOUND_LOUDNESS = 0.06
ROOM_LOUDNESS = 0.0005
"""A trace of room noise, far below anything that counts as audible."""
AUDIBLE = 0.003
"""RangeReader below this root mean square count as silent when windows are looked for."""
CANDIDATES = 12
HOP_SECONDS = 1.0


@dataclass(frozen=True)
class Line:
    """A spoken line of a scene, and what follows it before the next begins."""

    text: str
    voice: str
    emotion: str = "NEUTRAL"
    pause: float = 2.4
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
# The call has six lines and thirty seconds: quick speech, and pauses that just keep the lines apart.
CALL_RATE = 172
CALL_PAUSE = 2.25
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
            Line("您好，请问有什么可以帮您？", AGENT, pause=CALL_PAUSE, rate=CALL_RATE),
            Line("我上周下的单，到现在还没发货…", CUSTOMER, pause=CALL_PAUSE, rate=CALL_RATE),
            Line("这都第几天了？", CUSTOMER, "ANGRY", pause=CALL_PAUSE),
            Line("非常抱歉，系统显示物流信息更新延迟…", AGENT, pause=CALL_PAUSE, rate=CALL_RATE),
            Line("那我现在能查到单号吗？", CUSTOMER, pause=CALL_PAUSE, rate=CALL_RATE),
            Line("好的，我马上为您处理！", AGENT, "HAPPY", pause=0.1, music_under=True),
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
            Line("Exactly, it reduces memory bandwidth pressure.", HOST, pause=0.1),
        ),
    ),
    Scene(
        "talk_show",
        "脱口秀",
        "Talk show",
        13,
        (
            Line("所以我说啊，程序员最怕的不是 bug…", HOST, pause=1.4, sounds=(LAUGHTER,)),
            Line(
                "是产品经理说“这个需求很简单”！",
                HOST,
                pause=1.4,
                sounds=(LAUGHTER, Sound("Applause", 3.0), Sound("BGM", 5.0, growth=14.0)),
            ),
            Line("下次咱们聊怎么优雅地拒绝需求…", HOST, pause=0.3, sounds=(LAUGHTER, Sound("BGM", 4.0))),
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
    pieces: list[Audio] = []
    timeline: list[Entry] = []

    def now() -> int:
        return sum(map(len, pieces)) * 1000 // SAMPLE_RATE

    def wait(seconds: float) -> None:
        pieces.append(np.zeros(int(seconds * SAMPLE_RATE), dtype=np.float32))

    wait(0.3)
    for line in scene.lines:
        sentence = find(line.text)
        speech = at_loudness(say(sentence, line.emotion, line.voice, rng, line.rate).audio, SPEECH_LOUDNESS)
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
        wait(line.pause)
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


def sound_windows(audio: Audio, segments: list[tuple[int, int]]) -> Iterator[tuple[int, Audio]]:
    """Windows over what is audible but not speech, with the time at which each begins."""
    step = SAMPLE_RATE // 10
    loud = np.array(
        [
            float(np.sqrt(np.mean(np.square(audio[i : i + step])))) > AUDIBLE
            for i in range(0, len(audio), step)
        ]
    )
    for start, end in segments:
        loud[start // 100 : -(-end // 100)] = False
    window, hop, shortest = int(WINDOW_SECONDS * 10), int(HOP_SECONDS * 10), 3
    at = 0
    while at < len(loud):
        if not loud[at]:
            at += 1
            continue
        stop = at
        while stop < len(loud) and loud[stop : stop + 3].any():
            stop += 1
        begin = at
        while begin < stop and (begin == at or begin + window - hop < stop):
            if min(begin + window, stop) - begin >= shortest:
                yield begin * 100, audio[begin * step : min(begin + window, stop) * step]
            begin += hop
        at = stop


def _check(asr: Any, vad: Any, audio: Audio, timeline: list[Entry], report: list[str] | None) -> list[str]:
    """Recognise one recording piece by piece and list what differs from its timeline."""
    wrong: list[str] = []
    segments = detect(vad, audio)
    lines = [entry for entry in timeline if entry.text]
    if len(segments) != len(lines):
        wrong.append(f"{len(segments)} segments for {len(lines)} lines: {segments}")
    for segment, entry in zip(segments, lines, strict=False):
        answer = recognise(asr, audio[segment[0] * 16 : segment[1] * 16])
        if report is not None:
            report.append(f"  {segment} (true {entry.start_ms}, {entry.end_ms}) {answer}")
        if answer != Answer(entry.language, entry.emotion, entry.event, entry.text):
            wrong.append(f"{entry.text} -> {answer}")
        if abs(segment[0] - entry.start_ms) > 150 or abs(segment[1] - entry.end_ms) > 150:
            wrong.append(f"{entry.text}: found at {segment}, is at {entry.start_ms}, {entry.end_ms}")
    sounds = [entry for entry in timeline if not entry.text]
    for start, window in sound_windows(audio, segments):
        end = start + len(window) * 1000 // SAMPLE_RATE
        answer = recognise(asr, window)
        covered = {entry: min(end, entry.end_ms) - max(start, entry.start_ms) for entry in sounds}
        if report is not None:
            report.append(f"  window {start} to {end}: {answer.event} {answer.text}")
        best = max(covered, key=lambda entry: covered[entry], default=None)
        # Where two sounds share a window evenly, either name is right.
        right = {entry.event for entry in sounds if best and covered[entry] > covered[best] - 600}
        if best is None or answer.text or answer.event not in right:
            wrong.append(f"window {start} to {end}: {answer}, expected {best.event if best else 'nothing'}")
    return wrong


def check_samples(asr: Any, vad: Any, directory: Path) -> bool:
    """Recognise the sample files as they are and in other formats; print lines and differences."""
    variants = {
        "8 kHz wav": ("a.wav", "pcm_s16le", 8000, 0),
        "mp3 64k": ("a.mp3", "libmp3lame", SAMPLE_RATE, 64_000),
        "opus 16k": ("a.ogg", "libopus", SAMPLE_RATE, 16_000),
    }
    fine = True
    for sample in json.loads((directory / "samples.json").read_text(encoding="utf-8")):
        timeline = [Entry(**entry) for entry in sample["timeline"]]
        audio = read_audio(directory / sample["file"])
        report: list[str] = []
        wrong = {"as is": _check(asr, vad, audio, timeline, report)}
        with tempfile.TemporaryDirectory() as folder:
            for name, (file, codec, rate, bit_rate) in variants.items():
                path = Path(folder) / file
                write_audio(path, audio, codec, rate, bit_rate)
                wrong[name] = _check(asr, vad, read_audio(path), timeline, None)
        print(f"sample {sample['name']}, {sample['duration_ms'] / 1000:.1f} s")
        print("\n".join(report))
        for name, differences in wrong.items():
            print(f"  {name}: {'as expected' if not differences else ''}")
            for difference in differences:
                fine = False
                print(f"    {difference}")
    return fine
