"""`sensevoice check`: is it right and fast here? One command, with the weights and the card that one has.

Models are loaded as the program does, beside funasr's own call in a process of its own; the same recordings
go to both in alternating rounds. Two files are written, fit for pasting into a report.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sensevoice.cli import arguments
from sensevoice.errors import OptionError, SenseVoiceError
from sensevoice.runtime import environment

EPILOG = """
On a GPU about 5 minutes, on a CPU at most 10. Nothing is sent anywhere.
GPU 上约 5 分钟，CPU 上不超过 10 分钟；结果只写在本机。
"""


def parser(prog: str | None = None) -> Any:
    """Return the parser of the command line."""
    made = arguments.parser(
        "Check text and speed on this machine beside funasr's own call / 在本机核对结果与速度", EPILOG
    )
    made.prog = prog or made.prog
    made.add_argument(
        "--out",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="where the two files go / 结果目录（默认当前目录）",
    )
    made.add_argument(
        "--long-s", type=float, metavar="S", help="length of the long files: 3600, on a CPU 300 / 长文件时长"
    )
    made.add_argument("--files", type=int, metavar="N", help="short files: 200, on a CPU 20 / 短文件个数")
    made.add_argument("--rounds", type=int, default=3, help="rounds (default %(default)d) / 轮数")
    made.add_argument(
        "--limit-s",
        type=float,
        default=480,
        metavar="S",
        help="begin no further round after so long (default %(default)g) / 超过后不再开始新一轮",
    )
    arguments.add_model_arguments(made)
    return made


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Check, print what comes out, write sensevoice-check.md and .json; return the exit code."""
    environment.prepare()
    args = parser(prog).parse_args(argv)
    try:
        return _run(args)
    except SenseVoiceError as error:
        print(f"\n{error}", file=sys.stderr, flush=True)
        return error.exit_code
    except KeyboardInterrupt:
        print("\nstopped / 已停止", flush=True)
        return 130


def _run(args: Any) -> int:
    from sensevoice.cli.check import machine, material, report, rounds
    from sensevoice.models.device import resolve_device
    from sensevoice.models.sources import demo, hub

    if args.rounds < 1:
        raise OptionError(option="rounds", value=args.rounds, allowed="≥ 1")
    settings = arguments.model_settings(args)
    device = resolve_device(settings.device)
    directories = (demo.ASR_DIR, demo.VAD_DIR)
    if not settings.demo:
        directories = (
            hub.find_model(settings.model, settings.hub, settings.cache_dir, announce=print),
            hub.find_model(settings.vad_model, settings.hub, settings.cache_dir, announce=print),
        )
    on_cpu = device == "cpu"
    started_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sensevoice-check-") as scratch:
        lot = material.prepare(
            Path(scratch),
            directories[0],
            args.long_s or (300 if on_cpu else 3600),
            args.files or (20 if on_cpu else 200),
        )
        plan = rounds.Plan(directories, device, settings.precision, args.rounds, args.limit_s)
        figures = rounds.measure(plan, lot, lambda line: print(line, flush=True))
    figures["machine"] = machine.describe(device)
    figures["took_s"] = round(time.monotonic() - started_s, 1)
    written = report.write(args.out, figures)
    print(report.markdown(figures))
    print(f"\n{written[0]}\n{written[1]}")
    return 0 if figures["agrees"] else 1
