"""Signatures of messages: HMAC-SHA256 over id, time and body.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from pathlib import Path

from sensevoice.errors import OptionError
from sensevoice.runtime.atomic import write_whole

PREFIX = "whsec_"

KEY_BYTES = 32

MIN_KEY_BYTES, MAX_KEY_BYTES = 24, 64
"""What the specification allows."""


def key_of(secret: str) -> bytes:
    """Return the key that a secret stands for. Raises OptionError, which does not repeat the secret."""
    try:
        key = base64.b64decode(secret.strip().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.strip().startswith(PREFIX) or not MIN_KEY_BYTES <= len(key) <= MAX_KEY_BYTES:
        allowed = f"{PREFIX} and base64 of {MIN_KEY_BYTES} to {MAX_KEY_BYTES} bytes / {PREFIX} 加 base64"
        raise OptionError(option="webhook-secret", value="…", allowed=allowed)
    return key


def kept_secret(path: Path) -> str:
    """Return the secret in a file, which is made at the first time, for this user only.

    Raises OptionError for a file that cannot be read or written, or that holds none.
    """
    try:
        if not path.exists():
            write_whole(path, f"{PREFIX}{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}\n")
        secret = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise OptionError(option="webhook-secret", value=str(path), allowed="a file / 文件") from exc
    key_of(secret)
    return secret


def headers_of(key: bytes, message_id: str, time_s: int, body: str) -> dict[str, str]:
    """Return the headers of a message that is sent at a time, in seconds since 1970."""
    signed = hmac.new(key, f"{message_id}.{time_s}.{body}".encode(), hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(time_s),
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }
