"""Loading the models and asking them.

Two AutoModels, one for fsmn-vad and one for SenseVoiceSmall, because the single call with `vad_model=`
throws away the tags and times of each segment. Each has a lock: `generate` rewrites its own
configuration on every call, so two threads would mix up their settings.
"""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sensevoice.audio.info import SAMPLE_RATE_HZ, SAMPLES_PER_MS
from sensevoice.errors import DeviceUnavailable, GpuMemory, ModelNotAvailable, SelfTestFailed
from sensevoice.models import checksums, cpu_model, funasr_model, hub
from sensevoice.models import demo as demo_model
from sensevoice.models.hub import DEFAULT_SPEAKER_MODEL
from sensevoice.models.precision import resolve_precision
from sensevoice.options import MAX_SEGMENT_S, Options
from sensevoice.progress import LoadStep
from sensevoice.protocols import Recognition, VoiceEncoder
from sensevoice.recognise.scheduler import Scheduler
from sensevoice.runtime import supervisor
from sensevoice.segment.batching import packs
from sensevoice.speakers.model import LazyVoiceEncoder
from sensevoice.tags.parse import TagKind, head_kinds, parse
from sensevoice.transcript import ModelInfo, TagScore
from sensevoice.vad.stream import FsmnSpeechFinder

log = logging.getLogger(__name__)

MIN_CLIP_SAMPLES = 100 * SAMPLES_PER_MS
"""Shorter clips are padded with silence: below 25 ms funasr's features divide by zero."""

MAX_CUDA_CLIPS = 256
MAX_BATCH_S = 300.0
"""What a batch of several runs may hold: five minutes take about 0.6 GB beside the weights in bf16."""


@dataclass(frozen=True)
class ModelSettings:
    """Which models to load, and where.

    `model`, `vad_model` and `speaker_model` are directories or names on the hub; `cache_dir` is where
    downloads are kept (None: the hub's own default); `device` is "auto", "cpu" or "cuda:N"; `precision`
    is one of `precision.PRECISIONS`; `cuda_graphs`, for single short clips, changes nothing on a CPU.
    """

    model: str = hub.DEFAULT_MODEL
    vad_model: str = hub.DEFAULT_VAD_MODEL
    hub: str = "ms"
    cache_dir: str | None = None
    device: str = "auto"
    demo: bool = False
    precision: str = "auto"
    cuda_graphs: bool = False
    speaker_model: str = DEFAULT_SPEAKER_MODEL


def resolve_device(device: str) -> str:
    """Return the device that "auto" stands for, or the given one if it can be used.

    Raises DeviceUnavailable when CUDA is asked for by name and is not there.
    """
    import torch

    if device == "auto":
        return "cuda:0" if torch.cuda.is_available() else "cpu"
    try:
        wanted = torch.device(device)
    except RuntimeError as exc:
        raise DeviceUnavailable(device=device, reason="auto, cpu, cuda:0 …") from exc
    if wanted.type == "cuda" and not torch.cuda.is_available():
        raise DeviceUnavailable(device=device, reason="no CUDA device / 没有可用的 CUDA 设备")
    if wanted.type == "cuda" and (wanted.index or 0) >= torch.cuda.device_count():
        raise DeviceUnavailable(device=device, reason=f"{torch.cuda.device_count()} CUDA device(s)")
    return device


def known_info(settings: ModelSettings) -> ModelInfo:
    """Return what can be said of the models before they are looked for: no device and no precision."""
    if settings.demo:
        return ModelInfo("SenseVoice demo", "FSMN-VAD demo", "", demo=True, precision="")
    return ModelInfo(settings.model, settings.vad_model, "", precision="")


def load_recognizer(
    settings: ModelSettings,
    announce: Callable[[str], None] = log.info,
    self_test: bool = True,
    on_step: Callable[[LoadStep], None] = lambda step: None,
) -> FunasrRecognizer:
    """Find, verify and load both models; see `hub.find_model` and `resolve_device` for errors.

    `announce` gets lines for people, `on_step` what is being done.
    Raises SelfTestFailed when the loaded model does not answer a known clip as SenseVoice would;
    `self_test=False` is for weights that are random on purpose.
    """
    on_step(LoadStep("libraries"))
    device = resolve_device(settings.device)
    directory, vad_directory = _find_models(settings, announce, on_step)
    precision = resolve_precision(settings.precision, device, directory)
    info = replace(known_info(settings), device=device, precision=precision)
    on_step(LoadStep("load"))
    voices = LazyVoiceEncoder(functools.partial(_find_voices, settings, announce), device)
    recognizer = FunasrRecognizer(directory, vad_directory, info, announce, on_step, voices)
    if settings.cuda_graphs and device != "cpu":
        recognizer.record_cuda_graphs()
    if self_test:
        on_step(LoadStep("self_test"))
        recognizer.self_test()
    return recognizer


def _find_models(
    settings: ModelSettings, announce: Callable[[str], None], on_step: Callable[[LoadStep], None]
) -> tuple[Path, Path]:
    if settings.demo:
        on_step(LoadStep("check"))
        directories = hub.verify(demo_model.ASR_DIR), hub.verify(demo_model.VAD_DIR)
        checksums.check_sums(demo_model.DEMO_DIR)
        return directories
    return (
        hub.find_model(settings.model, settings.hub, settings.cache_dir, announce, on_step=on_step),
        hub.find_model(settings.vad_model, settings.hub, settings.cache_dir, announce, on_step=on_step),
    )


def _find_voices(settings: ModelSettings, announce: Callable[[str], None]) -> Path:
    """Return the directory of the model that tells voices apart; see `hub.find_model` for errors."""
    if settings.demo:
        return hub.verify(demo_model.SPEAKER_DIR, hub.VOICES)  # its sums were compared with all others
    return hub.find_model(
        settings.speaker_model, settings.hub, settings.cache_dir, announce, contents=hub.VOICES
    )


def scheduled(recognizer: FunasrRecognizer) -> Scheduler:
    """Put a line in front of a recogniser, so that any number of runs share it."""
    on_cpu = recognizer.info.device == "cpu"
    return Scheduler(recognizer, cpu_model.cores() if on_cpu else MAX_CUDA_CLIPS, MAX_BATCH_S)


class FunasrRecognizer:
    """The loaded models behind the pipeline's Recognizer protocol."""

    def __init__(
        self,
        directory: Path,
        vad_directory: Path,
        info: ModelInfo,
        announce: Callable[[str], None] = log.info,
        on_step: Callable[[LoadStep], None] = lambda step: None,
        voices: LazyVoiceEncoder | None = None,
    ) -> None:
        from sensevoice.models import registry

        registry.register()
        self.directory = directory
        self._vad_directory = vad_directory
        if info.device == "cpu":
            self._model, precision = cpu_model.open_model(directory, info.precision, announce, on_step)
            info = replace(info, precision=precision)
        else:
            self._model = funasr_model.open_model("SenseVoiceSmall", directory, info.device)
            registry.prepare_cuda(self._model.model, info.precision)
            funasr_model.keep_gpu_memory()
        self._info = info
        self._vad = funasr_model.open_model(
            "FsmnVADStreaming", vad_directory, info.device, max_single_segment_time=int(MAX_SEGMENT_S * 1000)
        )
        funasr_model.give_back_memory()
        self._model_lock = threading.Lock()
        self._vad_lock = threading.Lock()
        self._voices = voices

    @property
    def info(self) -> ModelInfo:
        return self._info

    def open_speech_finder(self, pause_ms: int = 0) -> FsmnSpeechFinder:
        return FsmnSpeechFinder(self._vad, self._vad_lock, pause_ms)

    def open_voices(self) -> VoiceEncoder:
        """See Recognizer; the model is loaded when it is first asked for."""
        if self._voices is None:
            raise ModelNotAvailable(model=DEFAULT_SPEAKER_MODEL, path="", missing="", reason="not asked for")
        return self._voices.get()

    def recognise(self, clips: Sequence[np.ndarray], options: Options) -> Iterator[Recognition]:
        """Yield one Recognition per clip, in order; a clip that fails does not harm the others."""
        if self._info.device == "cpu":  # a clip a core: text shows as soon as it is known
            for first in range(0, len(clips), cpu_model.cores()):
                yield from self._batch(clips[first : first + cpu_model.cores()], options)
            return
        answers: dict[int, Recognition] = {}
        for positions in packs([len(clip) for clip in clips], MAX_BATCH_S * SAMPLE_RATE_HZ):
            result = self._batch([clips[position] for position in positions], options)
            answers.update(zip(positions, result, strict=True))
        yield from (answers[position] for position in range(len(clips)))

    def record_cuda_graphs(self) -> None:
        """Answer single short clips by CUDA graphs from now on; where that fails, go on without."""
        from sensevoice.models import registry

        try:
            registry.record_cuda_graphs(self._model.model)
        except Exception as exc:  # whatever driver and libraries have against it
            log.warning("no CUDA graphs; leave out --cuda-graphs / 无法录制，请去掉该参数: %s", exc)

    def self_test(self) -> None:
        """Recognise a known clip. Raises SelfTestFailed unless the answer looks like SenseVoice's.

        It also warms up what the first recording needs: the process of the decoders, fsmn-vad's compiled
        code and network, the recogniser.
        """
        clip = cpu_model.known_clip()
        self._find_speech_in(clip)
        answer = next(self.recognise([clip], Options()))
        expected = [TagKind.LANGUAGE, TagKind.EMOTION, TagKind.EVENT, TagKind.NORMALISATION]
        if answer.error is not None or head_kinds(answer.raw)[:4] != expected:
            reason = answer.error or f"answered / 返回了 {answer.raw[:80]!r}"
            raise SelfTestFailed(path=self.directory, reason=reason)
        if self._info.demo and parse(answer.raw).text != demo_model.sample_recordings()[0].utterances[0].text:
            raise SelfTestFailed(path=self.directory, reason=f"answered / 返回了 {answer.raw[:80]!r}")

    def _find_speech_in(self, clip: np.ndarray) -> None:
        finder = self.open_speech_finder()
        try:
            finder.feed(clip)
            finder.finish()
        except Exception as exc:  # whatever the libraries raise, it would be raised on every file
            log.debug("", exc_info=True)
            raise SelfTestFailed(path=self._vad_directory, reason=_reason(exc)) from exc

    def _batch(self, clips: Sequence[np.ndarray], options: Options) -> list[Recognition]:
        try:
            return self._generate(clips, options)
        except Exception as exc:  # whatever a clip does to the libraries, it must cost that clip only
            log.warning("recognition of %d clip(s) failed", len(clips), exc_info=True)
            supervisor.start_over_after_device_fault(exc)
            if len(clips) == 1:
                return [Recognition("", error=_reason(exc))]
        # Most likely the device's memory: half of them need half as much.
        funasr_model.give_back_memory()
        half = len(clips) // 2
        return [*self._batch(clips[:half], options), *self._batch(clips[half:], options)]

    def _generate(self, clips: Sequence[np.ndarray], options: Options) -> list[Recognition]:
        with self._model_lock:
            results = self._model.generate(
                input=[_prepared(clip) for clip in clips],
                batch_size=len(clips),
                language=options.language,
                use_itn=options.use_itn,
                ban_emo_unk=options.ban_emo_unk,
            )
        if len(results) != len(clips):
            raise RuntimeError(f"{len(results)} results for {len(clips)} clips")
        return [
            Recognition(result["text"], tuple(result["tokens"]), scores=_scores(result["scores"]))
            for result in results
        ]


def _scores(found: Sequence[tuple[str, str, float]]) -> tuple[TagScore, ...]:
    return tuple(TagScore(kind, name, round(score, 4)) for kind, name, score in found)


def _reason(exc: Exception) -> str:
    """Return why a clip could not be recognised, with what to do where that is known."""
    message = f"{type(exc).__name__}: {exc}"[:300]
    return str(GpuMemory(reason=message)) if "out of memory" in message else message


def _prepared(clip: np.ndarray) -> np.ndarray:
    """Return a clip as funasr needs it: contiguous float32, no NaN, not too short."""
    samples = np.nan_to_num(np.ascontiguousarray(clip, dtype=np.float32))
    return np.pad(samples, (0, max(0, MIN_CLIP_SAMPLES - len(samples))))
