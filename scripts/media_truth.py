#!/usr/bin/env python3
"""Make every file of tests/media_truth, transcribe it, and write how far its times are off. Needs ffmpeg."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sensevoice.runtime import environment

environment.prepare()

from sensevoice.models.loader import ModelSettings, load_recognizer  # noqa: E402
from tests.media_truth.cases import Case, cases  # noqa: E402
from tests.media_truth.measure import Measured, measure, plain_starts_ms  # noqa: E402

HEAD = """# Times of rows against those of a player

Each file holds two sentences of the demonstration model, with a picture before which the sound begins late,
and with a hole in the stamps of the sound between the two. The table says by how many milliseconds each row
begins later than it does in a plain WAV, beyond that delay and that hole; 40 are allowed. Written by
`scripts/media_truth.py`.

| file | first row | second row | false alarms |
| --- | --- | --- | --- |
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path, help="the table, as Markdown")
    output = parser.parse_args().output
    recognizer = load_recognizer(ModelSettings(demo=True, device="cpu"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain_ms = plain_starts_ms(folder, recognizer)
        rows = [_row(case, measure(case, folder, recognizer, plain_ms)) for case in cases()]
    worst = max((abs(off) for off, _ in rows), default=0)
    output.write_text(
        HEAD + "".join(row for _, row in rows) + f"\n{len(rows)} files; worst: {worst} ms.\n", "utf-8"
    )
    return 0


def _row(case: Case, found: Measured) -> tuple[int, str]:
    first, second = found.off_ms or (9999, 9999)
    print(case.name, found.off_ms, *found.alarms, flush=True)
    alarms = ", ".join(found.alarms) or "none"
    return max(first, second, key=abs), f"| `{case.name}` | {first} | {second} | {alarms} |\n"


if __name__ == "__main__":
    sys.exit(main())
