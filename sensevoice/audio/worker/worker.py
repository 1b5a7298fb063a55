"""The worker: a process that decodes one file and writes the samples to a socket.

It is forked from the fork server with nothing but the search path in its environment, has no secrets, opens
one file, and is killed when it is no longer needed; it ends itself when the socket has no reader.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

import numpy as np

from sensevoice.audio.decoding.decoders import open_decoder, seeking
from sensevoice.audio.info import SAMPLE_RATE_HZ, Decoder, Samples
from sensevoice.audio.worker import limits, protocol
from sensevoice.audio.worker.splitting import RangeReader
from sensevoice.errors import MediaError, NotMedia, TimedOut, TooLong

FRAME_SAMPLES = 10 * SAMPLE_RATE_HZ
"""Of all channels together. Five seconds of stereo at a time: few system calls, and 0.6 MB."""

MOST_AHEAD_BYTES = 4 << 20
"""Half a minute of stereo may be buffered for the parent."""


def main(to: int, path: str, stream_index: int | None, max_hours: float, raw_format: str = "") -> NoReturn:
    """Decode a file to a socket, as ordered through it, and end the process."""
    out = protocol.FrameWriter(socket.socket(fileno=to), MOST_AHEAD_BYTES)
    try:
        signal.signal(signal.SIGXCPU, lambda *_: out.interrupt(limits.TimeIsUp()))
        os.setsid()  # so that it can be killed with its children
        limits.limit_this_process()
        out.put_json(protocol.HELLO, {"pid": os.getpid()})
        _serve(Path(path), stream_index, max_hours, raw_format, out)
    except MediaError as error:
        data = {key: value for key, value in error.data.items() if key not in ("path", "name")}
        out.put_json(protocol.ERROR, {"code": error.code, "data": data | _used()})
        out.send()
    except limits.TimeIsUp:
        signal.signal(signal.SIGXCPU, signal.SIG_IGN)
        out.go_on()
        out.put_json(protocol.ERROR, {"code": TimedOut.code, "data": _used()})
        out.send()
    except MemoryError:  # a limit, which no genuine file reaches
        out.put_json(protocol.ERROR, {"code": NotMedia.code, "data": _used()})
        out.send()
    except (BrokenPipeError, ConnectionResetError):
        os._exit(1)
    finally:
        os._exit(0)  # without the exit handlers of libraries


def _serve(
    path: Path, stream_index: int | None, max_hours: float, raw_format: str, out: protocol.FrameWriter
) -> None:
    decoder = open_decoder(path, stream_index, raw_format)
    info = decoder.info
    if (info.duration_ms or 0) > max_hours * 3_600_000:  # before half a day is decoded
        raise TooLong(path=path, max_hours=max_hours)
    claims = {
        "media": asdict(info.media),
        "duration_ms": info.duration_ms,
        "header_percent": info.header_percent,
    }
    out.put_json(protocol.INFO, claims | {"cuttable": seeking(decoder) is not None})
    reader = RangeReader(decoder)
    while order := out.next_order():
        if _begin(reader, order.from_s, out):
            for block in _blocks(reader, order.to_s, path, max_hours):
                out.put(protocol.BLOCK, block)
            if reader.ended:
                out.put_json(protocol.END, _faults(decoder) | _used())
            else:
                out.put_json(protocol.CUT, {"fingerprint": reader.fingerprint()} | _used())


def _faults(decoder: Decoder) -> dict[str, int | bool]:
    return {
        "bad_packets": decoder.bad_packets,
        "clock_breaks": decoder.clock_breaks,
        "gave_up": decoder.gave_up,
    }


def _begin(reader: RangeReader, from_s: int, out: protocol.FrameWriter) -> bool:
    """Seek to the start of an order and send its fingerprint; return False when it has none."""
    if from_s * SAMPLE_RATE_HZ == reader.at:
        return True
    fingerprint = reader.fingerprint() if reader.jump(from_s) else None
    out.put_json(protocol.CUT, {"fingerprint": fingerprint} | _used())
    return fingerprint is not None


def _blocks(reader: RangeReader, to_s: int | None, path: Path, max_hours: float) -> Iterator[bytes]:
    for frame in _gathered(reader.read(to_s)):
        if reader.at > max_hours * 3600 * SAMPLE_RATE_HZ:
            # By decoded samples: the duration in a header proves nothing.
            raise TooLong(path=path, max_hours=max_hours)
        yield bytes([len(frame)]) + frame.astype("<f4", copy=False).tobytes()


def _used() -> dict[str, int]:
    """Return the peak memory of this process; ru_maxrss is in KiB."""
    return {"peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10}


def _gathered(chunks: Iterator[Samples]) -> Iterator[Samples]:
    """Join chunks into frames of about FRAME_SAMPLES, which are worth a system call."""
    held: list[Samples] = []
    samples = 0
    for chunk in chunks:
        held.append(chunk)
        samples += chunk.size
        if samples >= FRAME_SAMPLES:
            yield np.concatenate(held, axis=1)
            held, samples = [], 0
    if samples:
        yield np.concatenate(held, axis=1)
