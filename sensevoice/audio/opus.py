"""Writing sound with PyAV."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame

from sensevoice.audio.info import SAMPLE_RATE_HZ, Samples

BIT_RATE = 48_000
"""Enough that speech in two channels sounds as it did."""


def write_opus(blocks: Iterable[Samples], path: Path) -> None:
    """Write (channels, n) float32 blocks at 16 kHz, one or two channels, as an Ogg Opus file."""
    with av.open(str(path), "w", format="ogg") as container:
        stream = None
        for block in blocks:
            layout = "mono" if len(block) == 1 else "stereo"
            if stream is None:
                stream = container.add_stream("libopus", rate=SAMPLE_RATE_HZ, layout=layout)
                stream.bit_rate = BIT_RATE
            packed = np.ascontiguousarray(block.T, dtype=np.float32).reshape(1, -1)
            frame = AudioFrame.from_ndarray(packed, format="flt", layout=layout)
            frame.sample_rate = SAMPLE_RATE_HZ
            container.mux(stream.encode(frame))
        if stream is not None:
            container.mux(stream.encode(None))
