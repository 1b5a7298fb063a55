"""The command `sensevoice`: finds the module of a sub-command and passes it the rest of the command line."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from sensevoice import __version__
from sensevoice.errors import MissingDependency


@dataclass(frozen=True)
class Command:
    """A sub-command: a module with `main(argv, prog)` that returns the exit code, and a line for --help."""

    module: str
    summary: str


COMMANDS = {
    "app": Command("sensevoice.cli.app", "start the web page / 启动网页"),
    "transcribe": Command("sensevoice.cli.transcribe", "transcribe a folder / 批量转写文件夹"),
    "search": Command("sensevoice.cli.search", "search all transcripts / 搜索所有转写"),
    "cut": Command("sensevoice.cli.cut", "cut clips and reels / 剪辑片段"),
    "download": Command("sensevoice.cli.download", "fetch and verify the models / 下载并校验模型"),
    "check": Command("sensevoice.cli.check", "is it right and fast on this machine? / 检查本机的结果与速度"),
    "passwd": Command("sensevoice.cli.passwd", "set or remove a login of --auth-file / 管理登录文件"),
}
"""Modules are named, not imported: each command loads only what it needs."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a sub-command with the arguments that follow its name; return its exit code."""
    args = _parser().parse_args(argv)
    return run(args.command, args.arguments, f"sensevoice {args.command}")


def run(command: str, argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Run one of COMMANDS with these arguments, by default those of the process; return its exit code."""
    try:
        module = importlib.import_module(COMMANDS[command].module)
    except ImportError as missing:
        print(MissingDependency(reason=missing), file=sys.stderr)
        return 1
    return int(module.main(argv, prog))


def _parser() -> argparse.ArgumentParser:
    width = max(map(len, COMMANDS))
    lines = (f"  {name:{width}}  {command.summary}" for name, command in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="sensevoice",
        description="SenseVoice: transcripts with language, emotion and sound events / 语音理解",
        epilog="\n".join(("commands / 命令:", *lines, "", "sensevoice COMMAND --help: options / 查看选项")),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="see below / 见下")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="…", help="its options / 该命令的选项")
    return parser


if __name__ == "__main__":
    sys.exit(main())
