"""Every file of the corpus meets its fate, in a process that lives on, and reaches nobody."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pytest

from sensevoice.audio.source import SAMPLE_RATE_HZ, open_audio
from sensevoice.errors import MediaError
from tests.hostile.case import DAMAGED, TEXT, Case
from tests.hostile.corpus import cases, write

MAX_PEAK_BYTES = 200 << 20
MIN_FILES = 150
MIN_DAMAGED = 50
HANG_S = 60.0

NAMES = [f"{case.family}/{case.name}" for case in cases()]


@dataclass(frozen=True)
class Fate:
    """What became of a file: a code or how many ms came out, and at what cost."""

    code: str
    sound_ms: int
    seconds: float
    peak_bytes: int
    secret: bool


class Listener:
    """A server that counts who connects."""

    def __init__(self) -> None:
        self.connections = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._datagrams.close()


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    listening = Listener()
    yield listening
    listening.close()


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory, listener: Listener) -> dict[str, tuple[Case, Path]]:
    return write(tmp_path_factory.mktemp("hostile"), listener.port)


@pytest.fixture(scope="module")
def fates(corpus: dict[str, tuple[Case, Path]]) -> Iterator[dict[str, Fate]]:
    """Filled by the tests; at the end written to $HOSTILE_REPORT, from which docs/reliability.md is made."""
    met: dict[str, Fate] = {}
    yield met
    if target := os.environ.get("HOSTILE_REPORT"):
        Path(target).write_text(json.dumps({name: asdict(fate) for name, fate in met.items()}, indent=1))


def meet(path: Path) -> Fate:
    started_s = time.perf_counter()
    code, samples, peak_bytes, secret = TEXT, 0, 0, False
    try:
        with open_audio(path) as source:
            for block in source.blocks():
                samples += block.shape[1]
                secret |= holds_secret(block[0])
            peak_bytes = source._decoder.peak_bytes  # type: ignore[attr-defined]
            if source.cut_short or source.bad_packets:
                code = DAMAGED
    except MediaError as error:
        code, peak_bytes = error.code, error.data.get("peak_bytes", 0)
    sound_ms = samples * 1000 // SAMPLE_RATE_HZ
    return Fate(code, sound_ms, time.perf_counter() - started_s, peak_bytes, secret)


def holds_secret(samples: np.ndarray) -> bool:
    """Return whether a 997 Hz tone stands out of a second of sound."""
    piece = samples[:SAMPLE_RATE_HZ]
    if len(piece) < 1000:
        return False
    spectrum = np.abs(np.fft.rfft(piece * np.hanning(len(piece))))
    at = round(997 * len(piece) / SAMPLE_RATE_HZ)
    return bool(spectrum[at - 2 : at + 3].max() > 100 * (np.median(spectrum) + 1e-3))


@pytest.mark.parametrize("name", NAMES)
def test_it_meets_its_fate(
    name: str, corpus: dict[str, tuple[Case, Path]], fates: dict[str, Fate], listener: Listener
) -> None:
    case, path = corpus[name]
    fate = fates[name] = meet(path)
    assert fate.code in case.fate, fate
    if fate.code in (TEXT, DAMAGED) and case.duration_ms is not None:
        assert fate.sound_ms == pytest.approx(case.duration_ms, rel=0.05), fate
    if case.family == "damaged":
        assert fate.sound_ms >= 2400, "less than a tenth came out"
    assert fate.code != "decoder_crashed" and fate.seconds < HANG_S
    assert fate.peak_bytes < MAX_PEAK_BYTES
    assert not (fate.secret and case.family == "reaching out") and listener.connections == 0


def test_the_secret_would_be_heard(corpus: dict[str, tuple[Case, Path]]) -> None:
    secret = next(path for _, path in corpus.values() if path.parent.name == "reaching out").with_name(
        "secret.wav"
    )
    assert meet(secret).secret


def test_there_are_enough_of_them() -> None:
    assert len(NAMES) == len(set(NAMES)) >= MIN_FILES
    assert sum(name.startswith("damaged/") for name in NAMES) >= MIN_DAMAGED
