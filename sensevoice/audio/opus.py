"""Encodes Opus with PyAV."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

from sensevoice.audio.info import SAMPLE_RATE_HZ, Samples

BIT_RATE = 48_000
"""Enough for speech in two channels without audible loss."""


class OpusFile:
    """An Ogg Opus file that is written block after block; it is whole when it is closed."""

    def __init__(self, path: Path) -> None:
        self._container = av.open(str(path), "w", format="ogg")
        self._stream: AudioStream | None = None

    def write(self, block: Samples) -> None:
        """Take (channels, n) float32 at 16 kHz, one or two channels, as many every time."""
        layout = "mono" if len(block) == 1 else "stereo"
        if self._stream is None:
            self._stream = self._container.add_stream("libopus", rate=SAMPLE_RATE_HZ, layout=layout)
            self._stream.bit_rate = BIT_RATE
        packed = np.ascontiguousarray(block.T, dtype=np.float32).reshape(1, -1)
        frame = AudioFrame.from_ndarray(packed, format="flt", layout=layout)
        frame.sample_rate = SAMPLE_RATE_HZ
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        try:
            if self._stream is not None:
                self._container.mux(self._stream.encode(None))
        finally:
            self._container.close()

    def discard(self) -> None:
        """Let go of a file that nobody wants: PyAV keeps what is not closed until garbage is collected."""
        with suppress(OSError, ValueError):  # as on a full disk
            self._container.close()


def write_opus(blocks: Iterable[Samples], path: Path) -> None:
    """Write (channels, n) float32 blocks at 16 kHz, one or two channels, as an Ogg Opus file."""
    file = OpusFile(path)
    try:
        for block in blocks:
            file.write(block)
    except BaseException:
        file.discard()
        raise
    file.close()
