"""Asking the loaded models: clips in batches to raw answers, and what is done when a batch fails.

Two AutoModels, one for fsmn-vad and one for SenseVoiceSmall, because the single call with `vad_model=`
throws away the tags and times of each segment. Each has a lock: `generate` rewrites its own
configuration on every call, so two threads would mix up their settings.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sensevoice.audio.info import SAMPLE_RATE_HZ, SAMPLES_PER_MS
from sensevoice.errors import GpuMemory, ModelNotAvailable, SelfTestFailed, first_line
from sensevoice.models import funasr_model
from sensevoice.models.sources import demo
from sensevoice.models.sources.hub import DEFAULT_SPEAKER_MODEL
from sensevoice.models.voice_encoder import LazyVoiceEncoder
from sensevoice.options import Options
from sensevoice.protocols import FunasrModel, Recognition, TermHit, VoiceEncoder
from sensevoice.recognise.scheduler import Scheduler
from sensevoice.runtime.device_faults import is_memory_shortage, is_poisoned
from sensevoice.segment.batching import packs
from sensevoice.tags.labels import TagKind
from sensevoice.tags.parse import head_kinds, parse
from sensevoice.transcript import ModelInfo, TagScore
from sensevoice.vad.live import FsmnLiveFinder
from sensevoice.vad.stream import FsmnSpeechFinder

log = logging.getLogger(__name__)

MIN_CLIP_SAMPLES = 100 * SAMPLES_PER_MS
"""Shorter clips are padded with silence: below 25 ms funasr's features divide by zero."""

MAX_CUDA_CLIPS = 256
MAX_BATCH_S = 300.0
"""What a batch of several runs may hold: five minutes take about 0.6 GB beside the weights in bf16."""

EXPECTED_TAGS = [TagKind.LANGUAGE, TagKind.EMOTION, TagKind.EVENT, TagKind.NORMALISATION]


@dataclass(frozen=True)
class OpenModels:
    """Both models, opened, and where they lie.

    `clips_at_once` run side by side on a CPU; `batch_s` is how many seconds a batch on a GPU may hold.
    """

    recogniser: FunasrModel
    detector: FunasrModel
    directory: Path
    vad_directory: Path
    info: ModelInfo
    clips_at_once: int
    batch_s: float = MAX_BATCH_S


class FunasrRecognizer:
    """The loaded models behind the pipeline's Recognizer protocol.

    `on_device_fault` gets the reason when a GPU answers nothing any more; only a new process can mend that.
    `open_on_cpu` opens the recogniser once more on the CPU, for clips that fit into no GPU.
    """

    def __init__(
        self,
        models: OpenModels,
        open_on_cpu: Callable[[], FunasrModel],
        on_device_fault: Callable[[str], None] = lambda reason: None,
        voices: LazyVoiceEncoder | None = None,
    ) -> None:
        self.directory = models.directory
        self._vad_directory = models.vad_directory
        self._model = models.recogniser
        self._vad = models.detector
        self._info = models.info
        self._clips_at_once = models.clips_at_once
        self._batch_s = models.batch_s
        self._open_on_cpu = open_on_cpu
        self._on_cpu: FunasrModel | None = None
        self._on_device_fault = on_device_fault
        self._model_lock = threading.Lock()
        self._vad_lock = threading.Lock()
        self._voices = voices

    @property
    def info(self) -> ModelInfo:
        return self._info

    def open_speech_finder(self, pause_ms: int = 0) -> FsmnSpeechFinder:
        return FsmnSpeechFinder(self._vad, self._vad_lock, pause_ms, self._note_fault)

    def open_live_finder(self, pause_ms: int) -> FsmnLiveFinder:
        return FsmnLiveFinder(self._vad, self._vad_lock, pause_ms, self._note_fault)

    def open_voices(self) -> VoiceEncoder:
        """See Recognizer; the model is loaded when it is first asked for."""
        if self._voices is None:
            raise ModelNotAvailable(model=DEFAULT_SPEAKER_MODEL, path="", missing="", reason="not asked for")
        return self._voices.get()

    def recognise(self, clips: Sequence[np.ndarray], options: Options) -> Iterator[Recognition]:
        """Yield one Recognition per clip, in order; a clip that fails does not harm the others."""
        if self._info.device == "cpu":  # a clip a core: text shows as soon as it is known
            for first in range(0, len(clips), self._clips_at_once):
                yield from self._batch(clips[first : first + self._clips_at_once], options)
            return
        answers: dict[int, Recognition] = {}
        for positions in packs([len(clip) for clip in clips], self._batch_s * SAMPLE_RATE_HZ):
            result = self._batch([clips[position] for position in positions], options)
            answers.update(zip(positions, result, strict=True))
        yield from (answers[position] for position in range(len(clips)))

    @property
    def batch_limits(self) -> tuple[int, float]:
        """How many clips, and seconds of sound, a batch is to hold."""
        on_cpu = self._info.device == "cpu"
        return self._clips_at_once if on_cpu else MAX_CUDA_CLIPS, self._batch_s

    def scheduled(self) -> Scheduler:
        """Return a scheduler in front of this recogniser, so that any number of runs share it."""
        return Scheduler(self, *self.batch_limits)

    def self_test(self, clip: np.ndarray) -> None:
        """Recognise `known_clip()`. Raises SelfTestFailed unless the answer looks like SenseVoice's.

        It also warms up what the first recording needs: fsmn-vad's compiled code and network, the recogniser.
        """
        self._find_speech_in(clip)
        answer = next(self.recognise([clip], Options()))
        if answer.error is not None or head_kinds(answer.raw)[:4] != EXPECTED_TAGS:
            reason = answer.error or f"answered / 返回了 {answer.raw[:80]!r}"
            raise SelfTestFailed(path=self.directory, reason=reason)
        if self._info.demo and parse(answer.raw).text != demo.sample_recordings()[0].utterances[0].text:
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
            return self._generate(self._model, clips, options)
        except Exception as exc:  # whatever a clip does to the libraries, it must cost that clip only
            log.warning("recognition of %d clip(s) failed", len(clips), exc_info=True)
            self._note_fault(exc)
            if len(clips) == 1:
                return [self._alone(clips[0], options, exc)]
        # Most likely the device's memory: half of them need half as much.
        funasr_model.release_memory()
        half = len(clips) // 2
        return [*self._batch(clips[:half], options), *self._batch(clips[half:], options)]

    def _alone(self, clip: np.ndarray, options: Options, error: Exception) -> Recognition:
        """Recognise on the CPU the clip that not even by itself fits into a GPU's memory."""
        if self._info.device == "cpu" or not is_memory_shortage(error):
            return Recognition("", error=_reason(error))
        log.warning("a clip of %.0f s is recognised on the CPU / 改用 CPU 识别", len(clip) / SAMPLE_RATE_HZ)
        funasr_model.release_memory()
        try:
            self._on_cpu = self._on_cpu or self._open_on_cpu()
            return self._generate(self._on_cpu, [clip], options)[0]
        except Exception as exc:  # as above; what is told is what the GPU lacked
            log.warning("it failed there, too", exc_info=exc)
            return Recognition("", error=_reason(error))

    def _note_fault(self, error: Exception) -> None:
        if is_poisoned(error):
            self._on_device_fault(first_line(error))

    def _generate(
        self, model: FunasrModel, clips: Sequence[np.ndarray], options: Options
    ) -> list[Recognition]:
        with self._model_lock:
            results = model.generate(
                input=[_prepared(clip) for clip in clips],
                batch_size=len(clips),
                language=options.language,
                use_itn=options.use_itn,
                ban_emo_unk=options.ban_emo_unk,
                **({"hotwords": options.hotwords} if options.hotwords else {}),
            )
        if len(results) != len(clips):
            raise RuntimeError(f"{len(results)} results for {len(clips)} clips")
        return [
            Recognition(
                result["text"],
                tuple(result["tokens"]),
                scores=_scores(result["scores"]),
                hits=tuple(TermHit(*hit) for hit in result.get("hits", ())),
            )
            for result in results
        ]


def _scores(found: Sequence[tuple[str, str, float]]) -> tuple[TagScore, ...]:
    return tuple(TagScore(kind, name, round(score, 4)) for kind, name, score in found)


def _reason(exc: Exception) -> str:
    """Return why a clip could not be recognised, with what to do where that is known."""
    message = f"{type(exc).__name__}: {exc}"[:300]
    return str(GpuMemory(reason=message)) if is_memory_shortage(exc) else message


def _prepared(clip: np.ndarray) -> np.ndarray:
    """Return a clip as funasr needs it: contiguous float32, no NaN, not too short."""
    samples = np.nan_to_num(np.ascontiguousarray(clip, dtype=np.float32))
    return np.pad(samples, (0, max(0, MIN_CLIP_SAMPLES - len(samples))))
