"""What the process that decodes may use; it limits itself, as a threaded parent could not do it safely."""

from __future__ import annotations

import ctypes
import resource

ADDRESS_SPACE_BYTES = 1_500 << 20
"""FFmpeg, PyAV and NumPy map some 500 MB; the largest honest frames and indexes need 200 MB more."""

CPU_S = 900
"""Twelve hours of the slowest codecs take a few minutes; what needs more is stuck."""

OPEN_FILES = 64

MAX_ALLOCATION_BYTES = 256 << 20
"""For one block inside FFmpeg. A 613-byte MP4 can ask for gigabytes of index; ten honest hours need 40 MB."""


def limit_this_process() -> None:
    """Set all limits; to be called before a file is opened."""
    for kind, most in (
        (resource.RLIMIT_AS, ADDRESS_SPACE_BYTES),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_FSIZE, 0),  # it writes to a pipe only
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))
    _limit_ffmpeg_allocations()


def _limit_ffmpeg_allocations() -> None:
    """Set av_max_alloc in the libavutil that PyAV has loaded by now; PyAV itself has no way to."""
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
        paths = {line.split(maxsplit=5)[5].strip() for line in maps if "libavutil" in line}
    for path in paths:
        set_most = ctypes.CDLL(path).av_max_alloc
        set_most.argtypes = [ctypes.c_size_t]
        set_most(MAX_ALLOCATION_BYTES)
