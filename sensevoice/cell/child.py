"""The process that decodes one file and writes its samples to a socket.

Forked from the nursery, with an empty environment. It holds no secret, opens one file, and is killed
whenever it is no longer wanted; when nobody reads any more, the socket ends it.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from sensevoice.audio_info import SAMPLE_RATE_HZ, Decoder, Samples
from sensevoice.cell import limits, wire
from sensevoice.cell.stretches import Stretches
from sensevoice.decoders import open_decoder, seeking
from sensevoice.errors import MediaError, NotMedia, TimedOut, TooLong

FRAME_SAMPLES = 10 * SAMPLE_RATE_HZ
"""Ten seconds at a time: few system calls, and 1.3 MB of stereo."""

MOST_AHEAD_BYTES = 4 << 20
"""Half a minute of stereo may wait for the parent."""


class _TimeIsUp(BaseException):
    """The processor time of this process is used up; no handler of a decoder's faults may take it for one."""


def main(to: int, path: str, stream_index: int | None, max_hours: float) -> NoReturn:
    """Decode a file to a socket, as ordered through it, and end the process."""
    out = wire.Outbox(socket.socket(fileno=to), MOST_AHEAD_BYTES)
    try:
        signal.signal(signal.SIGXCPU, lambda *_: out.interrupt(_TimeIsUp()))
        os.setsid()  # so that it can be killed with all that it starts
        limits.limit_this_process()
        out.put_json(wire.HELLO, {"pid": os.getpid()})
        _serve(Path(path), stream_index, max_hours, out)
    except MediaError as error:
        data = {key: value for key, value in error.data.items() if key not in ("path", "name")}
        out.put_json(wire.ERROR, {"code": error.code, "data": data | _used()})
        out.send()
    except _TimeIsUp:
        out.put_json(wire.ERROR, {"code": TimedOut.code, "data": _used()})
        out.send()
    except MemoryError:  # a limit: an honest file needs no such amounts
        out.put_json(wire.ERROR, {"code": NotMedia.code, "data": _used()})
        out.send()
    except (BrokenPipeError, ConnectionResetError):
        os._exit(1)
    finally:
        os._exit(0)  # no time for what libraries like to do at the end


def _serve(path: Path, stream_index: int | None, max_hours: float, out: wire.Outbox) -> None:
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
    out.put_json(wire.INFO, claims | {"cuttable": seeking(decoder) is not None})
    stretches = Stretches(decoder)
    while order := out.next_order():
        if _begin(stretches, order.from_s, out):
            for block in _blocks(stretches, order.to_s, path, max_hours):
                out.put(wire.BLOCK, block)
            if stretches.ended:
                out.put_json(wire.END, _ended(decoder) | _used())
            else:
                out.put_json(wire.MARK, {"mark": stretches.mark()} | _used())


def _ended(decoder: Decoder) -> dict[str, Any]:
    return {"bad_packets": decoder.bad_packets, "gave_up": bool(getattr(decoder, "gave_up", False))}


def _begin(stretches: Stretches, from_s: int, out: wire.Outbox) -> bool:
    """Go where an order begins, and mark the cut there; False when the sound there cannot be relied on."""
    if from_s * SAMPLE_RATE_HZ == stretches.at:
        return True
    mark = stretches.mark() if stretches.jump(from_s) else None
    out.put_json(wire.MARK, {"mark": mark} | _used())
    return mark is not None


def _blocks(stretches: Stretches, to_s: int | None, path: Path, max_hours: float) -> Iterator[bytes]:
    for frame in _gathered(stretches.read(to_s)):
        if stretches.at > max_hours * 3600 * SAMPLE_RATE_HZ:
            # Counted as decoded: what a header says of its length proves nothing.
            raise TooLong(path=path, max_hours=max_hours)
        yield bytes([len(frame)]) + frame.astype("<f4", copy=False).tobytes()


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
