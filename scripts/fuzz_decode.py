#!/usr/bin/env python3
"""Feed broken files to the decoder until time is up; see --help. Exit code 0: nothing bad happened."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sensevoice.audio.source import open_audio  # noqa: E402
from sensevoice.audio.worker import handle  # noqa: E402
from sensevoice.errors import MediaError  # noqa: E402
from tests.hostile.mutate import mutant  # noqa: E402

MAX_BLOCKS = 30
"""Five minutes of sound from a carrier of a second are enough to know."""

HANG_S = 20.0


class Fuzzer:
    """What became of the mutants so far; `bad` holds what must not happen, by seed."""

    def __init__(self, folder: Path, hang_s: float = HANG_S) -> None:
        self.fates: Counter[str] = Counter()
        self.bad: dict[int, str] = {}
        self.peak_bytes = 0
        self.slowest_s = 0.0
        self._folder = folder
        self._lock = threading.Lock()
        handle.SILENT_S = hang_s

    def run(self, seeds: range | itertools.count[int], seconds: float, workers: int = 2) -> None:
        """Try seeds in order until the time is up."""
        end_s = time.monotonic() + seconds
        numbers = iter(seeds)

        def work() -> None:
            while time.monotonic() < end_s:
                with self._lock:
                    seed = next(numbers, None)
                if seed is None:
                    return
                self.try_one(seed)

        with ThreadPoolExecutor(workers) as pool:
            for done in [pool.submit(work) for _ in range(workers)]:
                done.result()

    def try_one(self, seed: int) -> None:
        name, content = mutant(seed)
        path = self._folder / f"{seed}.{name}"
        path.write_bytes(content)
        started_s = time.monotonic()
        fate, peak_bytes = meet(path)
        path.unlink()
        with self._lock:
            self.fates[fate] += 1
            self.peak_bytes = max(self.peak_bytes, peak_bytes)
            self.slowest_s = max(self.slowest_s, time.monotonic() - started_s)
            if fate in ("decoder_crashed", "timed_out") or fate.startswith("uncaught"):
                self.bad[seed] = f"{name}: {fate}"


def meet(path: Path) -> tuple[str, int]:
    """Return what becomes of a file, and the most memory its decoder used where that is known."""
    try:
        with open_audio(path) as source:
            for _ in itertools.islice(source.blocks(), MAX_BLOCKS):
                pass
            cut_short = source.cut_short
            peak_bytes = getattr(source._decoder, "peak_bytes", 0)
    except MediaError as error:
        return error.code, error.data.get("peak_bytes", 0)
    except Exception as exc:  # exactly what is looked for
        return f"uncaught {type(exc).__name__}: {exc}", 0
    return (cut_short.code if cut_short else "sound"), peak_bytes


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="example: python scripts/fuzz_decode.py --seconds 300 --json fuzz.json"
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="how long (default %(default)g)")
    parser.add_argument("--seed", type=int, default=1, help="the first seed; each mutant has the next one")
    parser.add_argument(
        "--only", type=int, metavar="SEED", help="try this one only, and say what became of it"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        fuzzer = Fuzzer(Path(folder))
        if arguments.only is not None:
            fuzzer.try_one(arguments.only)
        else:
            fuzzer.run(itertools.count(arguments.seed), arguments.seconds)
    figures = {
        "mutants": fuzzer.fates.total(),
        "fates": dict(fuzzer.fates.most_common()),
        "bad": fuzzer.bad,
        "peak_mb": fuzzer.peak_bytes >> 20,
        "slowest_s": round(fuzzer.slowest_s, 2),
    }
    print(json.dumps(figures, indent=1))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1))
    return 1 if fuzzer.bad else 0


if __name__ == "__main__":
    sys.exit(main())
