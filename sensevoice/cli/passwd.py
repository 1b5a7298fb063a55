"""Sets, changes or removes a login in the file of --auth-file."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Sequence
from pathlib import Path

from sensevoice.access.accounts import NAME, hash_password, read_file
from sensevoice.errors import OptionError, SenseVoiceError
from sensevoice.runtime.atomic import write_whole

MIN_LENGTH = 8


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Change the file as the arguments say; return the exit code."""
    parser = argparse.ArgumentParser(prog=prog, description=__doc__)
    parser.add_argument("file", type=Path, help="the file of --auth-file; made if it is not there / 登录文件")
    parser.add_argument("user", help="the name to log in with / 用户名")
    parser.add_argument("--remove", action="store_true", help="remove this login / 删除该用户")
    args = parser.parse_args(argv)
    try:
        check_name(args.user)
        change(args.file, args.user, None if args.remove else ask())
    except SenseVoiceError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


def check_name(user: str) -> None:
    """Raise OptionError for a name that nobody may have."""
    if not NAME.fullmatch(user):
        raise OptionError(
            option="user", value=user, allowed="1 … 64, no space, : or / / 不含空格、冒号、斜杠"
        )


def ask() -> str:
    """Return the password that is typed twice, or the first line of what is piped in. Raises OptionError."""
    if not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = getpass.getpass("password / 密码: ")
        if getpass.getpass("again / 再次输入: ") != password:
            raise OptionError(option="password", value="…", allowed="twice the same / 两次相同")
    if len(password) < MIN_LENGTH:
        allowed = f"at least {MIN_LENGTH} characters / 至少 {MIN_LENGTH} 个字符"
        raise OptionError(option="password", value="…", allowed=allowed)
    return password


def change(file: Path, user: str, password: str | None) -> None:
    """Write a login (its name is a valid one) into the file, or take it out. Raises OptionError."""
    logins = read_file(file) if file.exists() else {}
    logins.pop(user, None)
    if password is not None:
        logins[user] = hash_password(password)
    write_whole(file, (f"{name}:{stored}\n" for name, stored in logins.items()))  # for this user only
