"""A WAV file that grows while somebody speaks: 16 kHz, mono, 16 bits.

What was appended is there whatever becomes of the process. Its header says how long it is when it is closed;
until then it says as FFmpeg does of a stream that nobody knows the length of.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np

from sensevoice.audio.info import SAMPLE_RATE_HZ, SAMPLES_PER_MS

FRAME_MS = 100
FRAME_SAMPLES = FRAME_MS * SAMPLES_PER_MS
FRAME_BYTES = 2 * FRAME_SAMPLES
"""What comes at a time, and is counted."""

HEADER_BYTES = 44
UNKNOWN = 0xFFFFFFFF
FULL_SCALE = 32768.0


class Recording:
    """One file, made or opened again. One thread appends, any may read.

    Of what a killed process was writing the last part, which is no whole frame, is cut off: it was never
    acknowledged. Raises OSError.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        size = os.fstat(self._file).st_size
        if size < HEADER_BYTES:
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, _header(UNKNOWN), 0)
            size = HEADER_BYTES
        self._bytes = (size - HEADER_BYTES) // FRAME_BYTES * FRAME_BYTES
        os.ftruncate(self._file, HEADER_BYTES + self._bytes)

    @property
    def samples(self) -> int:
        return self._bytes // 2

    @property
    def frames(self) -> int:
        return self._bytes // FRAME_BYTES

    def append(self, data: bytes) -> None:
        """Write int16 little-endian samples. Raises OSError; then nothing of them is in the file."""
        at = HEADER_BYTES + self._bytes
        left = memoryview(data)
        try:
            while left:
                done = os.pwrite(self._file, left, at + len(data) - len(left))
                left = left[done:]
        except OSError:
            os.ftruncate(self._file, at)
            raise
        self._bytes += len(data)

    def read(self, first: int, count: int) -> np.ndarray:
        """Return samples as float32, fewer where the file ends."""
        data = os.pread(self._file, 2 * min(count, self.samples - first), HEADER_BYTES + 2 * first)
        return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(FULL_SCALE)

    def close(self) -> None:
        """Write into the header how long it is. Raises OSError."""
        os.pwrite(self._file, _header(min(self._bytes, UNKNOWN - HEADER_BYTES)), 0)
        self.release()

    def release(self) -> None:
        """Let go of the file, which goes on growing later. May be called twice."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _header(data_bytes: int) -> bytes:
    """Return the header of a WAV file (RIFF, Microsoft 1991) of one channel of 16 bits."""
    riff_bytes = data_bytes if data_bytes == UNKNOWN else data_bytes + HEADER_BYTES - 8
    form = struct.pack("<HHIIHH", 1, 1, SAMPLE_RATE_HZ, 2 * SAMPLE_RATE_HZ, 2, 16)
    return b"RIFF%bWAVEfmt %b%bdata%b" % (
        struct.pack("<I", riff_bytes),
        struct.pack("<I", len(form)),
        form,
        struct.pack("<I", data_bytes),
    )
