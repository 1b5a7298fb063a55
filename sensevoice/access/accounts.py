"""Who may log in: names and passwords from the command line or a variable, or scrypt hashes from a file."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
import threading
from collections.abc import Iterable
from pathlib import Path

from sensevoice.errors import OptionError

SCRYPT_N, SCRYPT_R, SCRYPT_P = 1 << 15, 8, 1
"""OWASP's password storage cheat sheet: 32 MB and about 0.1 s for each try."""

SALT_BYTES = 16

MAX_MEMORY_BYTES = 256 << 20
"""What a line of the file may make scrypt take; OpenSSL's own limit is below what OWASP asks for."""

NAME = re.compile(r"[^\s:/\x00-\x1f]{1,64}")
"""The API's jobs belong to a name with a slash, which nobody may have."""

LINE = re.compile(r"scrypt\$(\d{1,8})\$(\d{1,3})\$(\d{1,3})\$([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+)")


def hash_password(password: str) -> str:
    """Return what stands for a password in a file: `scrypt$N$r$p$salt$hash`, the last two in base64."""
    salt = secrets.token_bytes(SALT_BYTES)
    derived = _scrypt(password, salt, SCRYPT_N, SCRYPT_R, SCRYPT_P)
    encoded = (base64.b64encode(part).decode() for part in (salt, derived))
    return "$".join(("scrypt", str(SCRYPT_N), str(SCRYPT_R), str(SCRYPT_P), *encoded))


def is_right(password: str, stored: str) -> bool:
    """Return whether a password is the one that was hashed. Takes about 0.1 s."""
    match = LINE.fullmatch(stored)
    if match is None:
        return False
    n, r, p = (int(number) for number in match.groups()[:3])
    salt, wanted = (base64.b64decode(part) for part in match.groups()[3:])
    return hmac.compare_digest(_scrypt(password, salt, n, r, p), wanted)


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=MAX_MEMORY_BYTES)


def parse_login(line: str) -> tuple[str, str]:
    """Split `user:password`. Raises OptionError, which does not repeat what was typed."""
    user, colon, password = line.strip().partition(":")
    if not (NAME.fullmatch(user) and colon and password):
        raise OptionError(option="auth", value="…", allowed="user:password")
    return user, password


def read_file(path: Path) -> dict[str, str]:
    """Return the hashes of a file of logins by name; empty lines and those that begin with # are skipped.

    Raises OptionError.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise OptionError(option="auth-file", value=str(path), allowed="a file / 文件") from exc
    result = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        user, _, stored = line.strip().partition(":")
        if not NAME.fullmatch(user) or not LINE.fullmatch(stored):
            allowed = "user:scrypt$… (scripts/passwd.py)"
            raise OptionError(option="auth-file", value=f"{path}, line / 第 {number} 行", allowed=allowed)
        result[user] = stored
    return result


class Accounts:
    """The logins. Those of a file are read anew when it changes, so that people can be added and removed."""

    def __init__(self, logins: Iterable[str] = (), file: Path | None = None) -> None:
        self._hashes = {user: hash_password(password) for user, password in map(parse_login, logins)}
        self._file = file
        self._stamp: tuple[int, int] | None = None
        self._of_file: dict[str, str] = {}
        self._nobody = hash_password(secrets.token_urlsafe())
        self._computing = threading.BoundedSemaphore(2)  # whoever has many addresses has not all processors
        if file is not None:
            self._of_file, self._stamp = read_file(file), _stamp(file)

    def __bool__(self) -> bool:
        return bool(self._hashes) or self._file is not None

    def knows(self, user: str) -> bool:
        """Return whether there is such a login now."""
        return user in self._all()

    def check(self, user: str, password: str) -> bool:
        """Return whether a login is right. Takes as long for a name that nobody has."""
        stored = self._all().get(user)
        with self._computing:
            right = is_right(password, stored or self._nobody)
        return right and stored is not None

    def _all(self) -> dict[str, str]:
        if self._file is not None and (stamp := _stamp(self._file)) != self._stamp:
            try:
                self._of_file, self._stamp = read_file(self._file), stamp
            except OptionError:
                return self._hashes | self._of_file  # in the middle of being written
        return self._hashes | self._of_file


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino
