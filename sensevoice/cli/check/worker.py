"""One of the two that a check compares, in a process of its own: this program, or funasr's own call.

Standard input gives a list of files a line, as JSON; standard output answers with texts, seconds and memory.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sensevoice.runtime.cpus import usable_cpus

Recognise = Callable[[list[str]], list[str]]

FILES_AT_ONCE = 2  # as `sensevoice transcribe` has it


def ours(model: str, vad: str, device: str, precision: str) -> tuple[Recognise, str]:
    """Load this program's models; return what recognises files, and the precision chosen."""
    from sensevoice.models.loader import ModelSettings, load_recognizer
    from sensevoice.options import Options
    from sensevoice.transcribe.pipeline import transcribe

    settings = ModelSettings(model, vad, device=device, precision=precision)
    recognizer = load_recognizer(settings, _to_stderr, self_test=False)
    scheduler = recognizer.scheduled()

    def recognise(paths: list[str]) -> list[str]:
        def text_of(path: str) -> str:
            transcript = transcribe(path, scheduler, Options(sounds=False))
            return "".join(segment.raw for segment in transcript.segments)

        with ThreadPoolExecutor(FILES_AT_ONCE) as pool:
            return list(pool.map(text_of, paths))

    return recognise, f"{recognizer.info.device} {recognizer.info.precision}"


def plain(model: str, vad: str, device: str, precision: str) -> tuple[Recognise, str]:
    """Load the models as funasr's documentation does; `precision` is always its fp32."""
    from funasr import AutoModel

    whole = AutoModel(
        model=model,
        vad_model=vad,
        vad_kwargs={"max_single_segment_time": 30_000},
        frontend_conf={"dither": 0.0},
        device=device,
        ncpu=usable_cpus(),
        disable_update=True,
        disable_pbar=True,
        trust_remote_code=False,
        log_level="ERROR",
    )

    def recognise(paths: list[str]) -> list[str]:
        settings: dict[str, Any] = {"language": "auto", "use_itn": True, "batch_size_s": 60}
        settings |= {"merge_vad": True, "merge_length_s": 15}
        return ["".join(item["text"] for item in whole.generate(input=path, **settings)) for path in paths]

    return recognise, f"{device} fp32"


def main() -> None:
    """Load what the arguments name, then work through the lines of standard input."""
    name, model, vad, device, precision = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever libraries print
    from sensevoice.runtime import environment

    environment.prepare()
    started_s = time.perf_counter()
    recognise, what = {"ours": ours, "funasr": plain}[name](model, vad, device, precision)
    print(json.dumps({"what": what, "seconds": time.perf_counter() - started_s}), file=answers, flush=True)
    for line in sys.stdin:
        started_s = time.perf_counter()
        try:
            reply: dict[str, Any] = {"texts": recognise(json.loads(line))}
        except Exception as exc:  # it belongs into the report
            reply = {"error": f"{type(exc).__name__}: {exc}"[:300]}
        reply |= {"seconds": time.perf_counter() - started_s, **_memory(device)}
        print(json.dumps(reply), file=answers, flush=True)


def _memory(device: str) -> dict[str, float]:
    """Return the most memory that was resident, and on the card, in MB."""
    peak = {"resident_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3}
    if device != "cpu":
        import torch

        peak["gpu_mb"] = torch.cuda.max_memory_reserved(device) / 1e6
    return peak


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
