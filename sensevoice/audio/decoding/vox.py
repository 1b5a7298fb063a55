"""Dialogic's telephone recordings as the WAV that FFmpeg can read."""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path
from typing import BinaryIO, cast

from sensevoice.headerless import BY_SUFFIX

WAVE_FORMAT_OKI_ADPCM = 0x0010
UNKNOWN_SIZE = b"\xff\xff\xff\xff"


def wav_around(path: Path) -> BinaryIO:
    """Return a file that holds a WAV header and then the bytes of `path`."""
    return cast(BinaryIO, io.BufferedReader(_Headed(path)))


def _header() -> bytes:
    rate_hz = BY_SUFFIX[".vox"].rate_hz
    layout = struct.pack("<HHIIHH", WAVE_FORMAT_OKI_ADPCM, 1, rate_hz, rate_hz // 2, 1, 4)
    fmt = b"fmt " + struct.pack("<I", len(layout)) + layout
    return b"RIFF" + UNKNOWN_SIZE + b"WAVE" + fmt + b"data" + UNKNOWN_SIZE


class _Headed(io.RawIOBase):
    def __init__(self, path: Path) -> None:
        self._header = _header()
        self._file = path.open("rb", buffering=0)
        self._size = len(self._header) + os.fstat(self._file.fileno()).st_size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._at < len(self._header):
            data = self._header[self._at : self._at + len(buffer)]
        else:
            self._file.seek(self._at - len(self._header))
            data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()
