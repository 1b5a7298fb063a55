"""Recognises kinds of files that cannot be decoded, by their first bytes, for better error messages."""

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
after white space and a byte order mark."""

SILK = (b"#!SILK_V3", b"\x02#!SILK_V3")
"""Voice messages of WeChat and QQ; Tencent puts one byte before the codec's own signature."""

LOCKED = (b"CTENFDAM", b"\x7c\xd5\x32\xeb\x86\x02\x7f\x4b", b"\x05\x28\xbc\x96\xe9\xe4\x5a\x43")
"""NetEase (ncm), KuGou (kgm) and its variant (vpr)."""

LOCKED_SUFFIXES = (
    *(".ncm", ".kgm", ".kgma", ".vpr", ".kwm", ".tkm", ".xm", ".mflac", ".mflac0", ".mgg", ".mgg1"),
    *(".qmc", ".qmc0", ".qmc2", ".qmc3", ".qmcflac", ".qmcogg"),
)
"""Files of QQ Music, KuWo and others have no signature; the name decides when nothing can be decoded."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

PROTECTED = (b"drms", b"aavd")
"""Sample entries of FairPlay and of Audible."""

ENCRYPTED, SCHEME, SCHEME_WITHIN_BYTES = b"enca", b"sinf", 600
"""A sample entry of the common encryption (ISO/IEC 23001-7), and the box in it that names the scheme."""

FIRST_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp", b"uuid"})
"""The first box of an MP4 or MOV."""

MAX_INDEX_BYTES = 16 << 20
"""The index of ten hours is below 4 MB, and the sample entries are at its beginning."""

UNKNOWN_SIZES = (0, 0xFFFFFFFF)
"""What a recorder writes before it knows; FFmpeg then reads to the end of the file."""

MIN_SURPLUS_BYTES = 4096
"""Less behind the sound than this is what writers of tags leave."""

MAX_CHUNKS = 1000

CHUNK_NAME = re.compile(rb"[ -~]{4}")


def refuse_lists(path: Path) -> None:
    """Raise Playlist, SilkVoice or LockedFormat for a file that must not, or cannot, be decoded."""
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
    """Return a more specific error by the name of a file, else the decoder's."""
    if error.code in ("not_media", "codec", "no_sound") and path.suffix.lower() in LOCKED_SUFFIXES:
        return LockedFormat(path=path)
    return error


def is_protected(path: Path) -> bool:
    """Return whether the audio of an MP4 is encrypted."""
    with path.open("rb") as file:
        for kind, size in _boxes(file):
            if kind == b"moov":
                return _names_protection(file.read(min(size, MAX_INDEX_BYTES)))
    return False


def _names_protection(index: bytes) -> bool:
    """Return whether an index has an entry of PROTECTED, or an ENCRYPTED one; each byte is looked at once."""
    if any(name in index for name in PROTECTED):
        return True
    entry = index.find(ENCRYPTED)
    while entry >= 0:
        scheme = index.find(SCHEME, entry + len(ENCRYPTED))
        if scheme < 0:
            return False
        earliest = scheme - len(ENCRYPTED) - SCHEME_WITHIN_BYTES
        if entry >= earliest:
            return True
        entry = index.find(ENCRYPTED, earliest)  # those before it are too far from any scheme
    return False


def lacks_index(path: Path) -> bool:
    """Return whether an MP4 or MOV lacks its index, which recorders write last."""
    with path.open("rb") as file:
        kinds = [kind for kind, _ in _boxes(file)]
    return bool(kinds) and b"moov" not in kinds


def wav_header_percent(path: Path) -> float | None:
    """Return how much of its sound a WAV's header speaks of; None when that is all.

    Sizes of 32 bits wrap at 4 GB, and a recorder that is still at work has written an old one. What
    follows the sound must then be no chunk of the format (RIFF: a name of four characters and a length).
    """
    file_bytes = path.stat().st_size
    with path.open("rb") as file:
        riff = file.read(12)
        if riff[:4] != b"RIFF" or riff[8:] != b"WAVE":
            return None
        for start, name, size in _chunks(file, 12, file_bytes):
            if name != b"data":
                continue
            held = file_bytes - start
            if size in UNKNOWN_SIZES or held - size < MIN_SURPLUS_BYTES or _all_chunks(file, start + size):
                return None
            return 100 * size / held
    return None


def _chunks(file: BinaryIO, at: int, file_bytes: int) -> Iterator[tuple[int, bytes, int]]:
    """Yield where the content of each chunk begins, its name and its length."""
    for _ in range(MAX_CHUNKS):
        file.seek(at)
        header = file.read(8)
        if len(header) < 8 or at >= file_bytes:
            return
        name, size = header[:4], int.from_bytes(header[4:], "little")
        yield at + 8, name, size
        at += 8 + size + size % 2


def _all_chunks(file: BinaryIO, at: int) -> bool:
    """Return whether a file consists of chunks from here to its end; writers forget the byte of padding."""
    file_bytes = file.seek(0, 2)
    for start in (at, at + at % 2):
        result = list(_chunks(file, start, file_bytes))
        honest = all(
            CHUNK_NAME.fullmatch(name) and begin + size <= file_bytes + 1 for begin, name, size in result
        )
        if result and honest:
            return True
    return False


def _boxes(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yield kind and size of each box of an MP4, with the file at its content; nothing for other files.

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
