"""What a file is by its first bytes, where that decides what to tell people. Nothing is decoded."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from sensevoice.errors import LockedFormat, MediaError, Playlist, SilkVoice

HEAD_BYTES = 4096

PLAYLIST = re.compile(
    rb"\A(?:#EXTM3U|#EXT-X-|ffconcat version|\[playlist\]|\[Reference\]|v=0\s|"
    rb"<asx[\s>]|<smil[\s>]|(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?<MPD[\s>])",
    re.IGNORECASE | re.DOTALL,
)
"""HLS, ffconcat, PLS, ASF references, SDP, ASX, SMIL and DASH: lists that name other files. They begin so,
behind spaces and a byte order mark."""

SILK = (b"#!SILK_V3", b"\x02#!SILK_V3")
"""The voice messages of WeChat and QQ; Tencent puts one byte before the codec's own mark."""

LOCKED = (b"CTENFDAM", b"\x7c\xd5\x32\xeb\x86\x02\x7f\x4b", b"\x05\x28\xbc\x96\xe9\xe4\x5a\x43")
"""NetEase (ncm), KuGou (kgm) and its variant (vpr)."""

LOCKED_SUFFIXES = (
    *(".ncm", ".kgm", ".kgma", ".vpr", ".kwm", ".tkm", ".xm", ".mflac", ".mflac0", ".mgg", ".mgg1"),
    *(".qmc", ".qmc0", ".qmc2", ".qmc3", ".qmcflac", ".qmcogg"),
)
"""QQ Music, KuWo and others put no mark into the file; the name has to do when nothing can be decoded."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

PROTECTED = (b"drms", b"aavd")
"""Sample entries of FairPlay and of Audible."""

ENCRYPTED, ITS_SCHEME, SCHEME_WITHIN_BYTES = b"enca", b"sinf", 600
"""A sample entry of the common encryption (ISO/IEC 23001-7), and the box in it that names the scheme."""

FIRST_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp", b"uuid"})
"""What an MP4 or MOV begins with."""

MAX_INDEX_BYTES = 16 << 20
"""An honest index of ten hours is below 4 MB, and the sample entries stand at its beginning."""


def refuse_lists(path: Path) -> None:
    """Raise Playlist, SilkVoice or LockedFormat for a file that must not, or need not, be decoded."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    # Not in the expression: two runs of spaces side by side take a time that grows with their square.
    if PLAYLIST.match(head.lstrip().removeprefix(BYTE_ORDER_MARK).lstrip()):
        raise Playlist(path=path)
    if head.startswith(SILK):
        raise SilkVoice(path=path)
    if head.startswith(LOCKED):
        raise LockedFormat(path=path)


def better_reason(path: Path, error: MediaError) -> MediaError:
    """Return why a file cannot be read by its name, if that says more than the decoder's reason."""
    if error.code in ("not_media", "codec", "no_sound") and path.suffix.lower() in LOCKED_SUFFIXES:
        return LockedFormat(path=path)
    return error


def is_protected(path: Path) -> bool:
    """Tell whether an MP4's audio is encrypted."""
    with path.open("rb") as file:
        for kind, size in _boxes(file):
            if kind == b"moov":
                return _names_protection(file.read(min(size, MAX_INDEX_BYTES)))
    return False


def _names_protection(index: bytes) -> bool:
    if any(name in index for name in PROTECTED):
        return True
    entry = index.find(ENCRYPTED)
    while entry >= 0:
        scheme = index.find(ITS_SCHEME, entry + len(ENCRYPTED))
        if scheme < 0:
            return False
        earliest = scheme - len(ENCRYPTED) - SCHEME_WITHIN_BYTES
        if entry >= earliest:
            return True
        entry = index.find(ENCRYPTED, earliest)  # those before it are too far from any scheme
    return False


def lacks_index(path: Path) -> bool:
    """Tell whether this is of the MP4 family and its index, written last by recorders, is missing."""
    with path.open("rb") as file:
        kinds = [kind for kind, _ in _boxes(file)]
    return bool(kinds) and b"moov" not in kinds


def _boxes(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yield kind and size of each box of an MP4, the file standing at its content; nothing for other files.

    Box layout: ISO/IEC 14496-12, section 4.2.
    """
    end, file_bytes = 0, os.fstat(file.fileno()).st_size
    while len(header := file.read(8)) == 8:
        size, kind = int.from_bytes(header[:4], "big"), header[4:]
        if end == 0 and kind not in FIRST_BOXES:
            return
        read = 8
        if size == 1:  # a 64-bit size follows
            size, read = int.from_bytes(file.read(8), "big"), 16
        end += size
        yield kind, max(0, size - read)
        if size < read or end >= file_bytes:  # 0: up to the end of the file
            return
        file.seek(end)
