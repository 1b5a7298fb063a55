"""Both models on a GPU: the fastest way that answers known speech as funasr's plain path does.

Driver, card and libraries can each make a way fail, or worse, answer wrongly. So every way is tried on speech
at the start, fastest first; each step down is one sentence with its reason, and the last step is the CPU.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sensevoice.errors import first_line
from sensevoice.models import funasr_model
from sensevoice.models.graphs import check
from sensevoice.models.graphs.agreement import Answer, Bounds, compare
from sensevoice.models.graphs.known_speech import check_clips
from sensevoice.models.sources.files import WEIGHTS, ModelFiles
from sensevoice.options import MAX_SEGMENT_S
from sensevoice.protocols import FunasrModel
from sensevoice.runtime.device_faults import is_memory_shortage
from sensevoice.transcript import Span
from sensevoice.vad.stream import FsmnSpeechFinder

log = logging.getLogger(__name__)

Announce = Callable[[str], None]

FP32 = Bounds(tokens=0.999, characters=0.0)
BF16 = Bounds(tokens=0.995, characters=0.01, other_tags=1)
"""With 8 bits of mantissa, a tie between two pieces or moods goes the other way now and then."""

BATCH_BYTES_A_SECOND = {"bf16": 2_000_000, "fp32": 4_000_000}
"""What a second of a batch takes beside the weights: five minutes 0.6 GB in bf16. Not yet measured."""
MEMORY_SHARE = 0.8
"""Of what is free: the rest is for fragments, and for others on the card."""


@dataclass(frozen=True)
class Way:
    """One way to run the recogniser on a GPU."""

    name: str
    precision: str
    is_fused: bool
    bounds: Bounds


WAYS = (
    Way("fused, bf16 / 融合算子 bf16", "bf16", True, BF16),
    Way("fused, fp32 / 融合算子 fp32", "fp32", True, FP32),
    Way("funasr's own layers, fp32 / funasr 原始实现 fp32", "fp32", False, FP32),
)


def open_recogniser(
    files: ModelFiles, device: str, precision: str, announce: Announce
) -> tuple[FunasrModel, str] | None:
    """Return the recogniser on a GPU and the precision that it has; None where only the CPU is right.

    Raises ModelFileDamaged when the model itself is.
    """
    clips = _some_clips(files.directory)
    reference = funasr_model.open_model("SenseVoiceSmall", files.directory, "cpu")
    expected = check.answers_of_torch(reference, clips)
    del reference
    for way in WAYS[precision != "bf16" :]:
        model = _tried(way, files, device, clips, expected, announce)
        if model is not None:
            return model, way.precision
        funasr_model.release_memory()
    announce(f"{device} is not used; the CPU recognises / 不使用 {device}，改用 CPU")
    return None


def _some_clips(directory: Path) -> list[np.ndarray]:
    """Return a third of the speech that graphs are checked on: this is done at every start."""
    return check_clips(directory)[::3]


def _tried(
    way: Way,
    files: ModelFiles,
    device: str,
    clips: Sequence[np.ndarray],
    expected: Sequence[Answer],
    announce: Announce,
) -> FunasrModel | None:
    """Return the recogniser opened in one way if it agrees; else say in a sentence why not."""
    from sensevoice.models import registry

    try:
        model = funasr_model.open_model("SenseVoiceSmall", files.directory, device)
        if way.is_fused:
            registry.prepare_cuda(model.model, way.precision)
        agreement = compare(expected, check.answers_of_torch(model, clips, device))
    except Exception as exc:  # whatever driver, card and libraries have against it
        log.debug("", exc_info=True)
        announce(f"{device}: {way.name}: {_with_what_is_missing(_cause(exc), files, device)}")
        return None
    if agreement.is_within(way.bounds):
        return model
    announce(f"{device}: {way.name}: {agreement}")
    return None


def open_detector(files: ModelFiles, device: str, announce: Announce) -> FunasrModel:
    """Return fsmn-vad on a GPU if it finds the same speech there, otherwise on the CPU."""
    on_cpu = open_detector_on(files, "cpu")
    samples = np.concatenate(_some_clips(files.directory))
    try:
        model = open_detector_on(files, device)
        if _spans(model, samples) == _spans(on_cpu, samples):
            return model
        reason = "finds other speech than the CPU / 检测结果与 CPU 不一致"
    except Exception as exc:  # as above
        log.debug("", exc_info=True)
        reason = first_line(_cause(exc))
    announce(f"{device}: fsmn-vad: {reason}; speech is found on the CPU / 改用 CPU 检测语音")
    return on_cpu


def open_detector_on(files: ModelFiles, device: str) -> FunasrModel:
    """Open fsmn-vad on a device. Raises ModelFileDamaged."""
    longest_ms = int(MAX_SEGMENT_S * 1000)
    return funasr_model.open_model(
        "FsmnVADStreaming", files.directory, device, max_single_segment_time=longest_ms
    )


def _spans(detector: FunasrModel, samples: np.ndarray) -> list[Span]:
    finder = FsmnSpeechFinder(detector, threading.Lock())
    return [speech.span for speech in (*finder.feed(samples), *finder.finish())]


def batch_seconds(device: str, precision: str, most: float, announce: Announce) -> float:
    """Return how many seconds of sound a batch may hold in the memory that is free now, at most `most`."""
    import torch

    free, _ = torch.cuda.mem_get_info(device)
    needed = most * BATCH_BYTES_A_SECOND[precision]
    usable = free * MEMORY_SHARE
    if usable >= needed:
        return most
    fitting = max(1.0, usable / BATCH_BYTES_A_SECOND[precision])
    missing = f"{(needed - usable) / 1e9:.1f} GB"
    announce(
        f"{device}: {missing} of memory short of a full batch: {fitting:.0f} s at a time / "
        f"显存少 {missing}，每批减为 {fitting:.0f} 秒"
    )
    return fitting


def _cause(error: Exception) -> BaseException:
    """Return what lies behind an error: opening blames the model's files, which were right on the CPU."""
    return error.__cause__ or error


def _with_what_is_missing(error: BaseException, files: ModelFiles, device: str) -> str:
    """Return an error's first line, and how much memory the weights lack where that is the reason."""
    reason = first_line(error)
    if not is_memory_shortage(error):
        return reason
    import torch

    free, _ = torch.cuda.mem_get_info(device)
    size = (files.directory / WEIGHTS).stat().st_size
    missing = max(0.0, size - free) / 1e9
    return (
        f"{reason} ({size / 1e9:.1f} GB of weights, {free / 1e9:.1f} GB free, {missing:.1f} GB missing / 缺)"
    )
