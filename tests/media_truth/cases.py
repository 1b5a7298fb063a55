"""Which files are made, how, and at which presentation time each sentence in them begins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from tests.conftest import SAMPLES
from tests.media import ffmpeg

SOURCE = SAMPLES["customer_call"].path
SECONDS = 11.5
"""Two sentences of the demonstration model, at 0.3 and 6.05 s."""

HOLE_AT_S = 5.5
"""Between the two."""

DELAYS_S = (0.0, 0.5, 5.0)
HOLES_S = (0.0, 2.0, 10.0)

H264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-preset", "ultrafast", "-g", "10")
MPEG4 = ("-c:v", "mpeg4")
VP8 = ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8")
FLV1 = ("-c:v", "flv1")

FILMS: dict[str, tuple[tuple[str, ...], tuple[tuple[str, int], ...]]] = {
    "mp4": (H264, (("aac", 48_000), ("aac", 22_050), ("alac", 44_100))),
    "mov": (MPEG4, (("pcm_s16le", 48_000), ("aac", 44_100))),
    "mkv": (H264, (("libopus", 48_000), ("flac", 44_100), ("ac3", 48_000))),
    "webm": (VP8, (("libopus", 48_000), ("libvorbis", 44_100))),
    "ts": (H264, (("aac", 48_000), ("mp2", 44_100))),
    "flv": (FLV1, (("aac", 44_100), ("libmp3lame", 44_100))),
}
"""Container → its picture, and the sound that goes with it."""

SOUNDS: dict[str, tuple[tuple[str, int], ...]] = {
    "m4a": (("aac", 44_100), ("alac", 16_000)),
    "mka": (("libopus", 48_000), ("flac", 16_000)),
    "weba": (("libopus", 24_000),),
    "ogg": (("libvorbis", 44_100), ("libopus", 16_000)),
}
"""With stamps but without a picture: the container begins where the sound does."""

PLAIN: dict[str, tuple[str, ...]] = {
    "plain.wav": ("-ar", "44100"),
    "plain.flac": ("-ar", "48000"),
    "cbr.mp3": ("-b:a", "64k"),
    "vbr.mp3": ("-q:a", "4"),
    "no-table.mp3": ("-q:a", "4", "-write_xing", "0", "-id3v2_version", "0"),
    "adts.aac": ("-ar", "44100"),
    "call.wav": ("-ar", "8000", "-c:a", "pcm_alaw"),
    "sound.au": ("-ar", "16000"),
    "sound.caf": ("-ar", "16000", "-c:a", "pcm_s16le"),
    "sound.w64": ("-ar", "48000", "-ac", "2"),
}
"""Without stamps."""


@dataclass(frozen=True)
class Case:
    """A file: what goes into ffmpeg, and the time by which the first and the second sentence are late."""

    name: str
    arguments: tuple[str, ...]
    picture: bool
    delay_s: float = 0.0
    hole_s: float = 0.0

    @property
    def late_s(self) -> tuple[float, float]:
        return self.delay_s, self.delay_s + self.hole_s

    def write(self, folder: Path) -> Path:
        path = folder / self.name
        stamps = f"if(gte(T,{HOLE_AT_S}),PTS+{self.hole_s}/TB,PTS)+{self.delay_s}/TB"
        placed = ("-af", f"asetpts='{stamps}'") if self.delay_s or self.hole_s else ()
        picture: tuple[str, ...] = ()
        if self.picture:
            length = str(self.delay_s + self.hole_s + SECONDS)
            picture = ("-f", "lavfi", "-i", f"testsrc=size=160x90:rate=10:duration={length}")
        chosen = ("-map", "1:v", "-map", "0:a") if self.picture else ()
        sound = ("-t", str(SECONDS), "-i", str(SOURCE))
        ffmpeg(*sound, *picture, *chosen, *placed, *self.arguments, path)
        return path


def cases() -> list[Case]:
    """Return all cases, in a fixed order."""
    return [*_films(), *_sounds(), *(Case(name, options, False) for name, options in PLAIN.items())]


def _films() -> Iterator[Case]:
    for container, (picture, sounds) in FILMS.items():
        for (codec, rate_hz), delay_s, hole_s in product(sounds, DELAYS_S, HOLES_S):
            if codec.startswith("pcm") and hole_s:
                continue  # MOV keeps no stamps of PCM: such a file has no hole
            name = f"{codec}-{rate_hz}-late{delay_s:g}-hole{hole_s:g}.{container}"
            arguments = (*picture, "-c:a", codec, "-ar", str(rate_hz))
            yield Case(name, arguments, True, delay_s, hole_s)


def _sounds() -> Iterator[Case]:
    for container, sounds in SOUNDS.items():
        for (codec, rate_hz), hole_s in product(sounds, HOLES_S):
            arguments = ("-vn", "-c:a", codec, "-ar", str(rate_hz))
            muxer = ("-f", "webm") if container == "weba" else ()
            yield Case(
                f"{codec}-{rate_hz}-hole{hole_s:g}.{container}", (*arguments, *muxer), False, 0.0, hole_s
            )
