"""Resource limits of a worker; it sets them itself, which a parent with threads could not do safely."""

from __future__ import annotations

import ctypes
import resource

ADDRESS_SPACE_BYTES = 1_500 << 20
"""FFmpeg, PyAV and NumPy map some 500 MB; the largest genuine frames and indexes need 200 MB more."""

CPU_S = 900
"""Twelve hours of the slowest codecs take a few minutes; a worker that needs more is stuck."""

CPU_LAST_WORDS_S = 5
"""Of these, to say that they are used up."""

OPEN_FILES = 64

MAX_ALLOCATION_BYTES = 256 << 20
"""For one allocation in FFmpeg. A 613-byte MP4 can request gigabytes of index; ten real hours need 40 MB."""


class TimeIsUp(BaseException):
    """The processor time of this process is used up; no handler of a decoder's faults may take it for one.

    A handler of SIGXCPU that raises it must keep it as well, for PyAV swallows what is raised while it runs a
    filter (one signal of ten in a loop of them), and the next one comes only a second of work later.
    """


def limit_this_process(
    address_bytes: int = ADDRESS_SPACE_BYTES, cpu_s: int = CPU_S, file_bytes: int = 0
) -> None:
    """Set all limits of this process; to be called before a file is opened.

    `file_bytes` is the most that it may write into one file: nothing for one that writes to a pipe only.
    """
    for kind, most in (
        (resource.RLIMIT_AS, address_bytes),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        # SIGXCPU comes at the first; a process that cannot answer it any more is ended at the second.
        soft = max(1, most - CPU_LAST_WORDS_S) if kind == resource.RLIMIT_CPU else most
        resource.setrlimit(kind, (soft, most))
    _limit_ffmpeg_allocations()


def _limit_ffmpeg_allocations() -> None:
    """Call av_max_alloc in the libavutil that PyAV has loaded; PyAV has no interface for it."""
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
        paths = {line.split(maxsplit=5)[5].strip() for line in maps if "libavutil" in line}
    for path in paths:
        set_most = ctypes.CDLL(path).av_max_alloc
        set_most.argtypes = [ctypes.c_size_t]
        set_most(MAX_ALLOCATION_BYTES)
