"""What a file is by its first bytes: in a time that grows with its size, never with the square of it."""

from __future__ import annotations

import struct
import time
from pathlib import Path

import pytest

from sensevoice.audio import sniff
from sensevoice.audio.source import open_audio
from sensevoice.errors import MediaError, Playlist, Unreadable
from tests.media import tone, write_wav

LISTS = [
    b"#EXTM3U\n",
    b"\xef\xbb\xbf#EXTM3U\n",
    b"  \xef\xbb\xbf \n #EXT-X-VERSION:3",
    b"ffconcat version 1.0",
    b"[playlist]",
    b"[Reference]",
    b"v=0\r\n",
    b"<ASX version=3>",
    b"<smil>",
    b"<?xml version='1.0'?>\n<!-- x -->\n<MPD xmlns='x'>",
    b"<MPD>",
]


@pytest.mark.parametrize("head", LISTS)
def test_lists_are_refused_behind_spaces_and_marks(tmp_path: Path, head: bytes) -> None:
    for before in (b"", b" \n\t", b" " * 2000):
        path = tmp_path / "a.wav"
        path.write_bytes(before + head)
        with pytest.raises(Playlist):
            sniff.refuse_lists(path)


@pytest.mark.parametrize("content", [b" " * 4096, b"<?xml " + b"<!--" * 1000, b"\n" * 4095 + b"#"])
def test_no_head_takes_long(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    before_s = time.thread_time()
    for _ in range(100):
        sniff.refuse_lists(path)
    assert time.thread_time() - before_s < 1.0, "the expression took 1 s for one"


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def test_an_index_of_millions_of_names_takes_no_time(tmp_path: Path) -> None:
    """Processor time, which no other program changes; the expression took two minutes."""
    path = tmp_path / "a.m4a"
    for index, protected in (
        (b"enca" * (4 << 20), False),
        (b"enca" * (2 << 20) + b"-" * 601 + b"sinf", False),
        ((b"enca" + b"-" * 601 + b"sinf") * 25_000, False),
        ((b"enca" + b"-" * 601 + b"sinf") * 25_000 + b"enca" + b"-" * 600 + b"sinf", True),
        (b"-" * 1000 + b"drms", True),
    ):
        path.write_bytes(box(b"ftyp", b"M4A ") + box(b"moov", index[: sniff.MAX_INDEX_BYTES]))
        before_s = time.thread_time()
        assert sniff.is_protected(path) == protected
        assert time.thread_time() - before_s < 5.0


@pytest.mark.parametrize("size", [1 << 63, (1 << 64) - 1, 1 << 40, 17])
def test_sizes_beyond_the_file_are_no_fault(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(box(b"ftyp", b"isom") + struct.pack(">I4sQ", 1, b"mdat", size) + bytes(70))
    assert sniff.lacks_index(path) and not sniff.is_protected(path)
    with pytest.raises(MediaError) as caught, open_audio(path):
        raise AssertionError
    assert caught.value.code != "decoder_crashed"


def looping(path: Path, chunks: int) -> Path:
    """Write a QuickTime file of one second of PCM that its index names again and again."""
    sound = struct.pack("<16000h", *(int(8000 * sample) for sample in tone_samples()))
    head = box(b"ftyp", b"qt  " + bytes(4) + b"qt  ")
    offset = len(head) + 8
    mdat = box(b"mdat", sound)
    full = bytes(4)
    samples = 16_000 * chunks
    entry = box(
        b"sowt", bytes(6) + struct.pack(">H", 1) + bytes(8) + struct.pack(">HHHHI", 1, 16, 0, 0, 16_000 << 16)
    )
    tables = (
        box(b"stsd", full + struct.pack(">I", 1) + entry)
        + box(b"stts", full + struct.pack(">III", 1, samples, 1))
        + box(b"stsc", full + struct.pack(">IIII", 1, 1, 16_000, 1))
        + box(b"stsz", full + struct.pack(">II", 2, samples))
        + box(b"stco", full + struct.pack(">I", chunks) + struct.pack(">I", offset) * chunks)
    )
    url = box(b"dref", full + struct.pack(">I", 1) + box(b"url ", bytes(3) + b"\1"))
    media = (
        box(b"mdhd", full + bytes(8) + struct.pack(">II", 16_000, samples) + bytes(4))
        + box(b"hdlr", full + b"mhlrsoun" + bytes(12) + b"\0")
        + box(b"minf", box(b"smhd", full + bytes(4)) + box(b"dinf", url) + box(b"stbl", tables))
    )
    matrix = struct.pack(">9I", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    track = box(
        b"tkhd",
        b"\0\0\0\7"
        + bytes(8)
        + struct.pack(">II", 1, 0)
        + struct.pack(">I", 1000 * chunks)
        + bytes(12)
        + b"\1\0\0\0"
        + matrix
        + bytes(8),
    )
    movie = (
        full
        + bytes(8)
        + struct.pack(">II", 1000, 1000 * chunks)
        + struct.pack(">IH", 1 << 16, 256)
        + bytes(10)
        + matrix
        + bytes(24)
        + struct.pack(">I", 2)
    )
    path.write_bytes(
        head + mdat + box(b"moov", box(b"mvhd", movie) + box(b"trak", track + box(b"mdia", media)))
    )
    return path


def tone_samples() -> list[float]:
    return [float(sample) for sample in tone(440, 1.0)]


def test_a_file_that_names_the_same_bytes_again_and_again_ends_early(tmp_path: Path) -> None:
    path = looping(tmp_path / "a.mov", 3000)
    assert path.stat().st_size < 50_000
    with open_audio(path) as source:
        seconds = sum(block.shape[1] for block in source.blocks()) / 16_000
        assert isinstance(source.cut_short, Unreadable)
    assert 1 <= seconds < 20, "of three thousand"


def test_an_honest_file_is_read_to_its_end(tmp_path: Path) -> None:
    for path in (looping(tmp_path / "a.mov", 1), write_wav(tmp_path / "a.wav", tone(440, 1.0))):
        with open_audio(path) as source:
            assert sum(block.shape[1] for block in source.blocks()) == 16_000
            assert source.cut_short is None
