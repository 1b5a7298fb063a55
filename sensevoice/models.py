"""Loading the models and asking them: the only importer of funasr and torch (with engine.py).

Two AutoModels, one for fsmn-vad and one for SenseVoiceSmall, because the single call with `vad_model=`
throws away the tags and times of each segment. Each has a lock: `generate` rewrites its own
configuration on every call, so two threads would mix up their settings.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sensevoice import bundled, hub
from sensevoice.audio import SAMPLE_RATE_HZ, SAMPLES_PER_MS, open_audio, select_channels
from sensevoice.errors import DeviceUnavailable, ModelFileDamaged, SelfTestFailed
from sensevoice.options import MAX_SEGMENT_S, Options
from sensevoice.recognizer import Recognition
from sensevoice.tags import TagKind, head_kinds, parse
from sensevoice.transcript import ModelInfo, Span

log = logging.getLogger(__name__)

VAD_CHUNK_MS = 60_000
"""How much fsmn-vad takes at a time offline (`chunk_size` in funasr); its segments depend on it."""

SETTLE_MARGIN_MS = 2_000
"""fsmn-vad starts a segment a little before the frame at which it noticed speech."""

MIN_CLIP_SAMPLES = 100 * SAMPLES_PER_MS
"""Shorter clips are padded with silence: below 25 ms funasr's features divide by zero."""

VAD_EMPTY_CLIP = np.zeros(0, dtype=np.float32)


@dataclass(frozen=True)
class ModelSettings:
    """Which models to load, and where.

    `model` and `vad_model` are directories or names on the hub; `device` is "auto", "cpu" or "cuda:N";
    `cache_dir` is where downloads are kept (None: the hub's own default).
    """

    model: str = hub.DEFAULT_MODEL
    vad_model: str = hub.DEFAULT_VAD_MODEL
    hub: str = "ms"
    cache_dir: str | None = None
    device: str = "auto"
    demo: bool = False


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


def load_recognizer(
    settings: ModelSettings, announce: Callable[[str], None] = log.info, self_test: bool = True
) -> FunasrRecognizer:
    """Find, verify and load both models; see `hub.find_model` and `resolve_device` for errors.

    Raises SelfTestFailed when the loaded model does not answer a known clip as SenseVoice would;
    `self_test=False` is for weights that are random on purpose.
    """
    device = resolve_device(settings.device)
    if settings.demo:
        directory, vad_directory = hub.verify(bundled.ASR_DIR), hub.verify(bundled.VAD_DIR)
    else:
        directory = hub.find_model(settings.model, settings.hub, settings.cache_dir, announce)
        vad_directory = hub.find_model(settings.vad_model, settings.hub, settings.cache_dir, announce)
    info = ModelInfo(
        "SenseVoice demo" if settings.demo else settings.model,
        "FSMN-VAD demo" if settings.demo else settings.vad_model,
        device,
        settings.demo,
    )
    recognizer = FunasrRecognizer(directory, vad_directory, info)
    if self_test:
        recognizer.self_test()
    return recognizer


class FunasrRecognizer:
    """The loaded models behind the pipeline's Recognizer protocol."""

    def __init__(self, directory: Path, vad_directory: Path, info: ModelInfo) -> None:
        from sensevoice import engine

        engine.register()
        self._info = info
        self._directory = directory
        self._model = _auto_model("SenseVoiceSmall", directory, info.device)
        # On CUDA fsmn-vad waits for the device at each of the 360,000 frames of an hour.
        self._vad = _auto_model(
            "FsmnVADStreaming", vad_directory, "cpu", max_single_segment_time=int(MAX_SEGMENT_S * 1000)
        )
        self._model_lock = threading.Lock()
        self._vad_lock = threading.Lock()

    @property
    def info(self) -> ModelInfo:
        return self._info

    def open_speech_finder(self) -> FsmnSpeechFinder:
        return FsmnSpeechFinder(self._vad, self._vad_lock)

    def recognise(self, clips: Sequence[np.ndarray], options: Options) -> Iterator[Recognition]:
        """Yield one Recognition per clip, in order; a clip that fails does not harm the others."""
        # On a CPU a batch gains nothing, and one clip at a time shows its text as soon as it is known.
        size = 1 if self._info.device == "cpu" else max(1, len(clips))
        for start in range(0, len(clips), size):
            yield from self._batch(clips[start : start + size], options)

    def self_test(self) -> None:
        """Recognise a known clip. Raises SelfTestFailed unless the answer looks like SenseVoice's."""
        sample = bundled.sample_recordings()[0]
        first = sample.utterances[0]
        with open_audio(sample.path) as source:
            block = next(iter(source.blocks(first.end_ms + 500)))
        clip = select_channels(block, "mix")[0][first.start_ms * SAMPLES_PER_MS :]
        answer = next(self.recognise([clip], Options()))
        expected = [TagKind.LANGUAGE, TagKind.EMOTION, TagKind.EVENT, TagKind.NORMALISATION]
        if answer.error is not None or head_kinds(answer.raw)[:4] != expected:
            reason = answer.error or f"answered / 返回了 {answer.raw[:80]!r}"
            raise SelfTestFailed(path=self._directory, reason=reason)
        if self._info.demo and parse(answer.raw).text != first.text:
            raise SelfTestFailed(path=self._directory, reason=f"answered / 返回了 {answer.raw[:80]!r}")

    def _batch(self, clips: Sequence[np.ndarray], options: Options) -> list[Recognition]:
        try:
            return self._generate(clips, options)
        except Exception as exc:  # whatever a clip does to the libraries, it must cost that clip only
            log.warning("recognition of %d clip(s) failed", len(clips), exc_info=True)
            if len(clips) == 1:
                return [Recognition("", error=f"{type(exc).__name__}: {exc}"[:300])]
        return [answer for clip in clips for answer in self._batch([clip], options)]

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
        return [Recognition(result["text"], tuple(result["tokens"])) for result in results]


class FsmnSpeechFinder:
    """fsmn-vad over one stream, with the same segments as funasr's call on the whole file.

    funasr works in chunks of a minute and marks the last one, so one chunk is always held back.
    """

    def __init__(self, vad: Any, lock: threading.Lock) -> None:
        self._vad = vad
        self._lock = lock
        self._cache: dict[str, Any] = {}
        self._waiting = VAD_EMPTY_CLIP
        self._seen_ms = 0

    @property
    def settled_ms(self) -> int:
        """Speech that has not ended yet began at most a longest segment ago."""
        return max(0, self._seen_ms - int(MAX_SEGMENT_S * 1000) - SETTLE_MARGIN_MS)

    def feed(self, samples: np.ndarray) -> list[Span]:
        """See SpeechFinder."""
        self._waiting = np.concatenate((self._waiting, samples))
        chunk = VAD_CHUNK_MS * SAMPLES_PER_MS
        found: list[Span] = []
        while len(self._waiting) > chunk:
            found += self._detect(self._waiting[:chunk], is_final=False)
            self._waiting = self._waiting[chunk:]
        return found

    def finish(self) -> list[Span]:
        """See SpeechFinder."""
        waiting, self._waiting = self._waiting, VAD_EMPTY_CLIP
        return self._detect(waiting, is_final=True) if len(waiting) else []

    def _detect(self, samples: np.ndarray, is_final: bool) -> list[Span]:
        with self._lock:
            results = self._vad.generate(
                input=np.ascontiguousarray(samples, dtype=np.float32),
                cache=self._cache,
                is_final=is_final,
                chunk_size=VAD_CHUNK_MS,
            )
        self._seen_ms += len(samples) // SAMPLES_PER_MS
        # Silence comes out as one empty segment at 0.
        return [Span(start, end) for start, end in results[0]["value"] if start < end]


def _prepared(clip: np.ndarray) -> np.ndarray:
    """Return a clip as funasr needs it: contiguous float32, no NaN, not too short."""
    samples = np.nan_to_num(np.ascontiguousarray(clip, dtype=np.float32))
    return np.pad(samples, (0, max(0, MIN_CLIP_SAMPLES - len(samples))))


def _auto_model(kind: str, directory: Path, device: str, **settings: Any) -> Any:
    """Build funasr's AutoModel from a verified directory, quietly, and check that its files came in.

    `kind` is what funasr calls the network: another one would load, and fail on the first file.
    """
    from funasr import AutoModel

    stored = _stored_weights(directory)
    printed = io.StringIO()
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)  # funasr logs through the root logger, warnings about nothing included
    try:
        with contextlib.redirect_stdout(printed):
            model = AutoModel(
                model=str(directory),
                device=device,
                ncpu=len(os.sched_getaffinity(0)),
                disable_update=True,
                disable_pbar=True,
                trust_remote_code=False,
                log_level="ERROR",
                # Dither adds noise: the same file would give other text on every run.
                frontend_conf={"dither": 0.0},
                **settings,
            )
    except Exception as exc:  # yaml, sentencepiece, funasr's own …: all of them mean an unfit file
        raise ModelFileDamaged(path=directory, file=_blamed(exc, directory), reason=_reason(exc)) from exc
    finally:
        root.setLevel(level)
    log.debug("%s", printed.getvalue())
    if model.kwargs["model"] != kind:
        reason = f"model: {model.kwargs['model']}, not / 而不是 {kind}"
        raise ModelFileDamaged(path=directory, file=hub.CONFIG, reason=reason)
    _check_weights(model.model, stored, directory)
    _check_frontend(model.kwargs["frontend"], directory)
    return model


def _stored_weights(directory: Path) -> dict[str, Any]:
    """Read the weights, by name. Raises ModelFileDamaged."""
    import torch

    path = directory / hub.WEIGHTS
    try:
        try:
            stored = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        except RuntimeError:  # files of torch before 1.6 cannot be mapped
            stored = torch.load(path, map_location="cpu", weights_only=True)
        for key in ("state_dict", "model_state_dict", "model"):  # where funasr looks for them, too
            stored = stored.get(key, stored)
    except Exception as exc:  # torch raises whatever the damage leads it to
        raise ModelFileDamaged(path=directory, file=hub.WEIGHTS, reason=_reason(exc)) from exc
    return {name: tensor for name, tensor in stored.items() if isinstance(tensor, torch.Tensor)}


def _check_weights(network: Any, stored: dict[str, Any], directory: Path) -> None:
    """Raise ModelFileDamaged unless the file held all of the network's weights, all finite.

    funasr skips what is missing or has another shape without a word.
    """
    import torch

    for name, tensor in network.state_dict().items():
        if name not in stored or stored[name].shape != tensor.shape:
            raise ModelFileDamaged(path=directory, file=hub.WEIGHTS, reason=f"no fitting / 缺少 {name}")
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise ModelFileDamaged(path=directory, file=hub.WEIGHTS, reason=f"not finite / 非有限值 {name}")


def _check_frontend(frontend: Any, directory: Path) -> None:
    """Raise ModelFileDamaged unless the features are scaled by am.mvn and made for 16 kHz."""
    import torch

    scale = frontend.cmvn
    if scale is None or tuple(scale.shape) != (2, frontend.output_size()) or not torch.isfinite(scale).all():
        raise ModelFileDamaged(path=directory, file=hub.FEATURE_SCALE, reason="does not fit / 与模型不符")
    if frontend.fs != SAMPLE_RATE_HZ:
        raise ModelFileDamaged(path=directory, file=hub.CONFIG, reason=f"fs: {frontend.fs}")


def _blamed(error: Exception, directory: Path) -> str:
    """Name the file that an error is about: one that it names, or else the configuration."""
    named = (path.name for path in sorted(directory.iterdir()) if path.name in str(error))
    return next(named, hub.CONFIG)


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]
