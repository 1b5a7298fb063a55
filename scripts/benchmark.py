#!/usr/bin/env python3
"""Measure this program against funasr's own call and against sherpa-onnx, in turns, on this machine.

Machines drift, so no figure stands alone: the contestants do each task in alternating rounds (A B C A B
C …), every one in a process of its own, and what counts is the ratio of the medians. What they are given
is the same: real speech, repeated to length, and a model of the true size with random weights (speed
depends on its shape alone) unless --model names another.

  python scripts/benchmark.py --reference DIR                 all tasks, about 20 minutes on two cores
  python scripts/benchmark.py --reference DIR --tasks clips vad --rounds 5
  python scripts/benchmark.py --reference DIR --long-hours 10   also a long file: memory and time

DIR holds `make_weights.py`, `fsmn-vad/` and `audio/*.wav` (SENSEVOICE_REFERENCE names it, too). sherpa-onnx
takes part where it is installed: pip install sherpa-onnx. The sounds between the speech are switched off.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import sys
from pathlib import Path

from _root import ROOT
from bench import material, report, rounds, sherpa_export


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    default = os.environ.get("SENSEVOICE_REFERENCE", str(ROOT.parent / "shared" / "reference"))
    parser.add_argument("--reference", type=Path, default=Path(default), help="folder with the material")
    parser.add_argument("--model", type=Path, help="model directory, instead of random weights")
    parser.add_argument("--work", type=Path, default=Path("/tmp/sensevoice-benchmark"), help="scratch folder")
    parser.add_argument("--tasks", nargs="+", choices=list(rounds.TASKS), default=list(rounds.TASKS))
    parser.add_argument("--alone", action="store_true", help="this program only: its memory, its stages")
    parser.add_argument("--rounds", type=int, default=3, help="how often each does each task (default 3)")
    parser.add_argument("--files", type=int, default=200, help="short files of the task folder (default 200)")
    parser.add_argument("--long-hours", type=float, default=0, help="length of a long file (default: none)")
    parser.add_argument("--json", type=Path, help="write all figures here as well")
    return parser.parse_args()


def main() -> int:
    """Run all rounds and print the table."""
    arguments = parse_arguments()
    if not (arguments.reference / "make_weights.py").is_file():
        print(f"{arguments.reference}: no reference material there (--reference)", file=sys.stderr)
        return 2
    lot = material.prepare(
        arguments.reference,
        arguments.work,
        arguments.model and arguments.model.resolve(),
        arguments.files,
        round(arguments.long_hours * 3600),
    )
    names = ["ours"] if arguments.alone else ["ours", "funasr"]
    sherpa = arguments.work / "sherpa"
    if not arguments.alone and importlib.util.find_spec("sherpa_onnx"):
        sherpa_export.export(lot.model, sherpa)
        names += sherpa_export.VARIANTS
    figures = rounds.run(names, lot, sherpa, arguments.tasks, arguments.rounds)
    print(report.table(figures))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
