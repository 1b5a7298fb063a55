"""The programs that are compared, each with the tasks that it can do.

A contestant lives in a process of its own. A task returns what has to agree between contestants (text,
segments) as something that JSON holds, or None; how long it took is measured around it.
"""

from __future__ import annotations

import contextlib
import io
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from . import material
from .sherpa_export import VARIANTS

CLIENTS, CLIPS_PER_CLIENT = 8, 4

Task = Callable[[], Any]


def quietly(load: Callable[[], Any]) -> Any:
    """Run something that prints more than anybody wants to read."""
    with contextlib.redirect_stdout(io.StringIO()):
        return load()


class Ours:
    """This program: the pipeline that the page and the folder script use, sounds switched off."""

    def __init__(self, lot: material.Material, precision: str) -> None:
        from sensevoice.runtime import environment

        environment.prepare()
        from sensevoice.models.loader import ModelSettings, load_recognizer
        from sensevoice.options import Options

        settings = ModelSettings(
            str(lot.model), str(lot.vad), device="cpu", precision=precision, speaker_model=str(lot.voices)
        )
        self.lot = lot
        self.recognizer = load_recognizer(settings, self_test=False)
        self.scheduled = self.recognizer.scheduled()
        self.options = Options(sounds=False, merge="length")  # as funasr joins
        self.by_agreement = Options(sounds=False)
        self.with_speakers = Options(sounds=False, speakers="auto")

    def clips(self) -> list[str]:
        result = self.recognizer.recognise(material.clips(self.lot.clips), self.options)
        return [answer.raw for answer in result]

    def clip(self) -> Any:
        return self._transcribe(self.lot.clip)

    def file(self) -> Any:
        return self._transcribe(self.lot.ten_minutes)

    def long(self) -> Any:
        assert self.lot.long is not None
        return len(self._transcribe(self.lot.long))

    def folder(self) -> int:
        with ThreadPoolExecutor(2) as pool:  # as scripts/batch_transcribe.py does
            return len(list(pool.map(self._transcribe, sorted(self.lot.folder.iterdir()))))

    def rows(self) -> int:
        return len(self._transcribe(self.lot.ten_minutes, self.by_agreement))

    def speakers(self) -> int:
        return len(self._transcribe(self.lot.ten_minutes, self.with_speakers))

    def vad(self) -> list[list[int]]:
        finder = self.recognizer.open_speech_finder()
        samples = material.read(self.lot.ten_minutes)
        found = [*finder.feed(samples), *finder.finish()]
        return [[speech.span.start_ms, speech.span.end_ms] for speech in found]

    def one_client(self) -> dict[str, float]:
        return self._clients(1, CLIENTS * CLIPS_PER_CLIENT)

    def many_clients(self) -> dict[str, float]:
        return self._clients(CLIENTS, CLIPS_PER_CLIENT)

    def _clients(self, clients: int, clips: int) -> dict[str, float]:
        """Let clients send a clip each, over and over; return clips per second and the 95th percentile."""
        took_s: list[float] = []
        lock = threading.Lock()

        def send(_: int) -> None:
            for _ in range(clips):
                started_s = time.perf_counter()
                self._transcribe(self.lot.clip)
                with lock:
                    took_s.append(time.perf_counter() - started_s)

        started_s = time.perf_counter()
        with ThreadPoolExecutor(clients) as pool:
            list(pool.map(send, range(clients)))
        whole_s = time.perf_counter() - started_s
        return {"clips_per_s": len(took_s) / whole_s, "p95_s": float(np.percentile(took_s, 95))}

    def _transcribe(self, path: Path, options: Any = None) -> list[str]:
        from sensevoice.transcribe.pipeline import transcribe

        result = transcribe(path, self.scheduled, options or self.options)
        return [segment.raw for segment in result.segments]


class Funasr:
    """funasr's own call, as the official demo makes it."""

    def __init__(self, lot: material.Material) -> None:
        from funasr import AutoModel

        quiet = {"device": "cpu", "disable_update": True, "disable_pbar": True, "log_level": "ERROR"}
        quiet["ncpu"] = len(os.sched_getaffinity(0))
        self.lot = lot
        self.both = quietly(
            lambda: AutoModel(
                model=str(lot.model),
                vad_model=str(lot.vad),
                vad_kwargs={"max_single_segment_time": 30_000},
                frontend_conf={"dither": 0.0},
                **quiet,
            )
        )
        self.detector = quietly(
            lambda: AutoModel(model=str(lot.vad), max_single_segment_time=30_000, **quiet)
        )
        self.alone = quietly(lambda: AutoModel(model=str(lot.model), frontend_conf={"dither": 0.0}, **quiet))

    def clips(self) -> list[str]:
        answers = self.alone.generate(material.clips(self.lot.clips), language="auto", use_itn=True)
        return [answer["text"] for answer in answers]

    def clip(self) -> Any:
        return self._generate(self.lot.clip)

    def file(self) -> Any:
        return self._generate(self.lot.ten_minutes)

    def folder(self) -> int:
        return len([self._generate(path) for path in sorted(self.lot.folder.iterdir())])

    def vad(self) -> Any:
        return self.detector.generate(input=material.read(self.lot.ten_minutes))[0]["value"]

    def _generate(self, path: Path) -> list[str]:
        answers = self.both.generate(
            input=str(path),
            language="auto",
            use_itn=True,
            batch_size_s=60,
            merge_vad=True,
            merge_length_s=15,
        )
        return [answer["text"] for answer in answers]


class Sherpa:
    """sherpa-onnx on a model quantised by its own recipe; it has no part that finds speech here."""

    def __init__(self, lot: material.Material, folder: Path, variant: str) -> None:
        import sherpa_onnx

        self.lot = lot
        self.recognizer = sherpa_onnx.OfflineRecognizer.from_sense_voice(
            model=str(folder / VARIANTS[variant]),
            tokens=str(folder / "tokens.txt"),
            num_threads=len(os.sched_getaffinity(0)),
            use_itn=True,
        )

    def clips(self) -> None:
        for samples in material.clips(self.lot.clips):
            self._decode(samples)

    def clip(self) -> None:
        self._decode(material.read(self.lot.clip))

    def _decode(self, samples: np.ndarray) -> None:
        stream = self.recognizer.create_stream()
        stream.accept_waveform(material.RATE_HZ, samples)
        self.recognizer.decode_stream(stream)


def open_contestant(name: str, lot: material.Material, sherpa: Path) -> Any:
    """Load the contestant of a name: "ours", "ours fp32", "funasr", or a variant of sherpa-onnx."""
    if name.startswith("ours"):
        # No rounding passes the check on random weights: nothing in them is far from a tie.
        usual = "int8" if lot.model.name == material.RANDOM_MODEL else "auto"
        return Ours(lot, name.removeprefix("ours").strip() or usual)
    if name == "funasr":
        return Funasr(lot)
    return Sherpa(lot, sherpa, name)
