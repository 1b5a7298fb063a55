"""The process that decodes one file and writes its samples to a pipe.

Forked from the nursery, with an empty environment. It holds no secret, opens one file, and is killed
whenever it is no longer wanted; when nobody reads any more, the pipe ends it.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NoReturn

import numpy as np

from sensevoice.audio_info import SAMPLE_RATE_HZ, Samples
from sensevoice.cell import limits, wire
from sensevoice.decoders import open_decoder
from sensevoice.errors import MediaError, NotMedia, TooLong

FRAME_SAMPLES = 10 * SAMPLE_RATE_HZ
"""Ten seconds at a time: few system calls, and 1.3 MB in the pipe's two ends."""


def main(to: int, path: str, stream_index: int | None, max_hours: float) -> NoReturn:
    """Decode a file to a file descriptor and end the process."""
    out = os.fdopen(to, "wb")
    try:
        os.setsid()  # so that it can be killed with all that it starts
        limits.limit_this_process()
        wire.write_json(out, wire.HELLO, {"pid": os.getpid()})
        _decode(Path(path), stream_index, max_hours, out)
    except MediaError as error:
        data = {key: value for key, value in error.data.items() if key not in ("path", "name")}
        wire.write_json(out, wire.ERROR, {"code": error.code, "data": data | _used()})
    except MemoryError:  # a limit: an honest file needs no such amounts
        wire.write_json(out, wire.ERROR, {"code": NotMedia.code, "data": _used()})
    except BrokenPipeError:
        os._exit(1)
    finally:
        os._exit(0)  # no time for what libraries like to do at the end


def _decode(path: Path, stream_index: int | None, max_hours: float, out: BinaryIO) -> None:
    decoder = open_decoder(path, stream_index)
    info = decoder.info
    if (info.duration_ms or 0) > max_hours * 3_600_000:  # why read half a day before saying so
        raise TooLong(path=path, max_hours=max_hours)
    claims = {
        "container": info.container,
        "codec": info.codec,
        "sample_rate_hz": info.sample_rate_hz,
        "channels": info.channels,
        "duration_ms": info.duration_ms,
    }
    wire.write_json(out, wire.INFO, claims)
    left = round(max_hours * 3600 * SAMPLE_RATE_HZ)
    for frame in _gathered(decoder.chunks()):
        left -= frame.shape[1]
        if left < 0:  # counted as decoded: what a header says of its length proves nothing
            raise TooLong(path=path, max_hours=max_hours)
        header = bytes([len(frame)])
        wire.write_frame(out, wire.BLOCK, header + frame.astype("<f4", copy=False).tobytes())
    wire.write_json(out, wire.END, {"bad_packets": decoder.bad_packets} | _used())


def _used() -> dict[str, int]:
    """Return the most memory that this process has used; ru_maxrss is in KiB."""
    return {"peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10}


def _gathered(chunks: Iterator[Samples]) -> Iterator[Samples]:
    """Join chunks to frames worth a system call."""
    held: list[Samples] = []
    samples = 0
    for chunk in chunks:
        held.append(chunk)
        samples += chunk.shape[1]
        if samples >= FRAME_SAMPLES:
            yield np.concatenate(held, axis=1)
            held, samples = [], 0
    if samples:
        yield np.concatenate(held, axis=1)
