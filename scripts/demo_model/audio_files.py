"""Reading and writing audio files with PyAV."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import av
import numpy as np
from av.audio.stream import AudioStream

from .voices import SAMPLE_RATE, Audio


def read_audio(path: Path) -> Audio:
    """Decode any audio file to 16 kHz mono floats."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    pieces: list[Audio] = []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            pieces += [part.to_ndarray()[0] for part in resampler.resample(frame)]
        pieces += [part.to_ndarray()[0] for part in resampler.resample(None)]
    return np.concatenate(pieces).astype(np.float32)


def write_audio(path: Path, audio: Audio, codec: str, rate: int = SAMPLE_RATE, bit_rate: int = 0) -> None:
    """Encode mono audio; the file name decides the container."""
    samples = (np.clip(audio, -1.0, 1.0) * 32767).astype(np.int16)
    with av.open(str(path), "w") as container:
        stream = cast(AudioStream, container.add_stream(codec, rate=rate))
        stream.layout = "mono"
        if bit_rate:
            stream.bit_rate = bit_rate
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        # The resampler fits format and rate to the encoder, and cuts frames of the size it asks for.
        resampler = av.AudioResampler(
            format=stream.codec_context.format or "s16",
            layout="mono",
            rate=rate,
            frame_size=stream.frame_size or 1024,
        )
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))


def write_opus(path: Path, audio: Audio, bit_rate: int = 32_000) -> None:
    """Write Opus in an Ogg file."""
    write_audio(path, audio, "libopus", bit_rate=bit_rate)
