"""What the child says to its parent: frames of one letter, a length, and so many bytes."""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO

HELLO, INFO, BLOCK, ERROR, END = b"h", b"i", b"b", b"e", b"z"
"""Who it is (JSON); what the file says of itself (JSON); samples; why it cannot be read (JSON); the end
(JSON)."""

HEADER = struct.Struct("<cI")

MAX_FRAME_BYTES = 64 << 20
"""A block is 1.3 MB; more than this was not written by our child."""


def write_frame(to: BinaryIO, kind: bytes, payload: bytes) -> None:
    to.write(HEADER.pack(kind, len(payload)) + payload)
    to.flush()


def write_json(to: BinaryIO, kind: bytes, value: dict[str, Any]) -> None:
    write_frame(to, kind, json.dumps(value).encode())
