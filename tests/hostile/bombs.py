"""Little files that become much, indexes that lie, and recordings that never ended."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

from tests.hostile.carriers import SECONDS, available, carrier, pcm, wav
from tests.hostile.case import DAMAGED, TEXT, Case, written

MS = round(SECONDS * 1000)
BROKEN = ("not_media", "no_sound", "unfinished", "codec", "no_audio", "too_short", "rate_or_channels")


def box(kind: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I", 8 + len(content)) + kind + content


def bombs() -> Iterator[Case]:
    m4a = carrier("m4a")
    for entries in (40_000_000, 100_000_000, 2_000_000_000):
        data = bytearray(m4a)
        at = data.index(b"stsz") + 8
        data[at : at + 8] = struct.pack(">II", 1, entries)
        at = data.index(b"stts") + 8
        data[at : at + 12] = struct.pack(">III", 1, entries, 1)
        yield Case("bombs", f"index {entries}.m4a", written(bytes(data)), (TEXT, DAMAGED, *BROKEN))
    flac = bytearray(carrier("flac"))
    flac[21:26] = bytes([flac[21] | 0x0F, *b"\xff" * 4])  # 2**36 samples in all
    yield Case("bombs", "length.flac", written(bytes(flac)), (TEXT, DAMAGED))
    yield Case("bombs", "13 hours.wav", _thirteen_hours, ("too_long",))
    tags = b"".join(b"TXXX" + struct.pack(">IH", 20, 0) + bytes(20) for _ in range(20_000))
    size = len(tags)
    syncsafe = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    yield Case(
        "bombs", "many tags.mp3", written(b"ID3\3\0\0" + syncsafe + tags + carrier("mp3")), (TEXT,), MS
    )
    yield Case(
        "bombs", "huge tag.mp3", written(b"ID3\3\0\0\x7f\x7f\x7f\x7f" + carrier("mp3")), (TEXT, *BROKEN)
    )
    nested = b""
    for _ in range(2_000):
        nested = box(b"moov", nested)
    yield Case("bombs", "nested.mp4", written(box(b"ftyp", b"isom") + nested), BROKEN)
    yield Case("bombs", "list chunks.wav", written(_list_bomb()), (TEXT, *BROKEN))


def _thirteen_hours(path: object) -> None:
    """A WAV of 8 kHz µ-law that is one hole on the disk."""
    from pathlib import Path

    head = wav(tag=7, rate_hz=8_000, bits=8, data_bytes=13 * 3600 * 8_000)
    with Path(str(path)).open("wb") as file:
        file.write(head)
        file.truncate(len(head) + 13 * 3600 * 8_000)


def _list_bomb() -> bytes:
    body = wav(pcm())[12:]
    chunks = b"".join(b"LIST" + struct.pack("<I", 4) + b"INFO" for _ in range(50_000))
    return b"RIFF" + struct.pack("<I", 4 + len(chunks) + len(body)) + b"WAVE" + chunks + body


def heads() -> Iterator[Case]:
    """Only the beginning arrived, or the beginning is what is broken."""
    for name in available():
        content = carrier(name)
        yield Case("heads", f"head.{name}", written(content[:64]), (*BROKEN, TEXT, DAMAGED))
        data, chance = bytearray(content), random.Random(name)
        for _ in range(12):
            data[chance.randrange(0, 400)] ^= 1 << chance.randrange(8)
        fate = (TEXT, DAMAGED, *BROKEN, "drm")
        yield Case("heads", f"broken head.{name}", written(bytes(data)), fate)
    for name in ("m4a", "mov"):
        content = carrier(name)
        at = content.index(b"moov") - 4
        size = struct.unpack(">I", content[at : at + 4])[0]
        yield Case("heads", f"no index.{name}", written(content[:at] + content[at + size :]), ("unfinished",))


def streams() -> Iterator[Case]:
    mp3, aac = carrier("mp3"), carrier("aac")
    other_mp3, other_aac = carrier("mp3", rate_hz=22_050), carrier("aac", rate_hz=24_000)
    yield Case("streams", "two rates.mp3", written(mp3 + other_mp3), (TEXT, DAMAGED), 2 * MS)
    yield Case("streams", "two rates.aac", written(aac + other_aac), (TEXT, DAMAGED), 2 * MS)
    yield Case("streams", "two layouts.aac", written(aac + carrier("aac", "stereo")), (TEXT, DAMAGED), 2 * MS)
    if "opus" in available():
        yield Case("streams", "chained.opus", written(carrier("opus") * 2), (TEXT, DAMAGED))
    ts = carrier("ts")
    yield Case("streams", "twice.ts", written(ts + ts), (TEXT, DAMAGED))
    gbk = "标题".encode("gbk")
    tag = b"LIST" + struct.pack("<I", 12 + len(gbk)) + b"INFOINAM" + struct.pack("<I", len(gbk)) + gbk
    body = wav(pcm())[12:]
    content = b"RIFF" + struct.pack("<I", 4 + len(tag) + len(body)) + b"WAVE" + tag + body
    yield Case("streams", "tags in GBK.wav", written(content), (TEXT,), MS)
    frames = b"TIT2" + struct.pack(">IH", 9, 0) + b"\3" + b"\xff\xfe\x80\x81\xc0\xc1\xf5\xff"
    yield Case(
        "streams",
        "bad UTF-8.mp3",
        written(b"ID3\3\0\0\0\0\0" + bytes([len(frames)]) + frames + mp3),
        (TEXT,),
        MS,
    )
