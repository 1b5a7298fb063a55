"""Landlock: a process gives up, for itself and all it starts, the files and network that it has no use for.

Linux has it since 5.13, for the network since 6.7; no privileges are needed (see its documentation,
userspace-api/landlock).
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""Numbers of the system calls, the same on all processors; the C library has no functions for them."""

VERSION_FLAG, PATH_BENEATH = 1, 1
PR_SET_NO_NEW_PRIVS = 38

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = (1 << bit for bit in range(4))
TRUNCATE, IOCTL_DEV = 1 << 14, 1 << 15
RIGHTS = (13, 13, 14, 15, 15, 16)
"""How many rights over files each version knows, from the first; later ones added none."""

FILE_RIGHTS = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
"""Those that a rule for a file may name; the others are of folders."""

READING = EXECUTE | READ_FILE | READ_DIR

TCP = 3
"""To bind and to connect."""

FIRST_WITH_TCP = 4


def confine(read: Iterable[Path], write: Iterable[Path]) -> bool:
    """Leave this process the right to read these files and folders, to write in those, and no TCP.

    Return False, and change nothing, where the system cannot do that. Raises OSError.
    """
    libc, known = ctypes.CDLL(None, use_errno=True), version()
    if not known:
        return False
    handled = (1 << RIGHTS[min(known, len(RIGHTS)) - 1]) - 1
    attributes = struct.pack("QQ", handled, TCP)[: 16 if known >= FIRST_WITH_TCP else 8]
    ruleset = _checked(libc.syscall(CREATE_RULESET, attributes, len(attributes), 0))
    try:
        for paths, rights in ((read, READING), (write, handled)):
            for path in paths:
                _allow(libc, ruleset, path, rights & handled)
        _checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        _checked(libc.syscall(RESTRICT_SELF, ruleset, 0))
    finally:
        os.close(ruleset)
    return True


def version() -> int:
    """Return which version of Landlock the system has, 0 for none."""
    return max(0, int(ctypes.CDLL(None).syscall(CREATE_RULESET, None, 0, VERSION_FLAG)))


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    """Allow rights over a file or all below a folder; one that is not there needs none."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        rule = struct.pack("=Qi", rights if path.is_dir() else rights & FILE_RIGHTS, place)
        _checked(libc.syscall(ADD_RULE, ruleset, PATH_BENEATH, rule, 0))
    finally:
        os.close(place)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
