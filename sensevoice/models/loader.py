"""Loading the models, a straight line: find, verify, open, check; recognizer.py answers."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from sensevoice.models import funasr_model, gpu_model
from sensevoice.models.device import resolve_device
from sensevoice.models.graphs import cpu_model
from sensevoice.models.graphs.known_speech import known_clip
from sensevoice.models.precision import resolve_precision
from sensevoice.models.recognizer import MAX_BATCH_S, FunasrRecognizer, OpenModels
from sensevoice.models.sources import demo, files, hub
from sensevoice.models.sources.files import ModelFiles
from sensevoice.models.sources.hub import DEFAULT_SPEAKER_MODEL  # the field `hub` hides the module
from sensevoice.models.voice_encoder import LazyVoiceEncoder
from sensevoice.progress import LoadStep
from sensevoice.runtime.background import begin
from sensevoice.runtime.cpus import usable_cores
from sensevoice.runtime.memory import available_bytes
from sensevoice.transcript import ModelInfo

log = logging.getLogger(__name__)

CLIP_BYTES = 80_000_000
"""What a clip of 30 s, the longest, takes beside the weights: 65 MB measured, and what allocators keep."""

MEMORY_SHARE = 0.5
"""Of what is free when the models are loaded: recordings and others need some, too."""

Announce = Callable[[str], None]
OnStep = Callable[[LoadStep], None]


@dataclass(frozen=True)
class ModelSettings:
    """Which models to load, and where.

    `model`, `vad_model` and `speaker_model` are directories or names on the hub; `cache_dir` is where
    downloads are kept (None: the hub's own default); `device` is "auto", "cpu" or "cuda:N"; `precision` is
    one of `precision.PRECISIONS`; `verify` computes the checksums of files anew that look unchanged.
    """

    model: str = hub.DEFAULT_MODEL
    vad_model: str = hub.DEFAULT_VAD_MODEL
    hub: str = "ms"
    cache_dir: str | None = None
    device: str = "auto"
    demo: bool = False
    precision: str = "auto"
    verify: bool = False
    speaker_model: str = DEFAULT_SPEAKER_MODEL


def known_info(settings: ModelSettings) -> ModelInfo:
    """Return what can be said of the models before they are looked for: no device and no precision."""
    if settings.demo:
        return ModelInfo("SenseVoice demo", "FSMN-VAD demo", "", demo=True, precision="")
    return ModelInfo(settings.model, settings.vad_model, "", precision="")


def load_recognizer(
    settings: ModelSettings,
    announce: Announce = log.info,
    self_test: bool = True,
    on_step: OnStep = lambda step: None,
    on_device_fault: Callable[[str], None] = lambda reason: None,
) -> FunasrRecognizer:
    """Find, verify, open and check both models of speech; each step's module says which errors it raises.

    `announce` gets lines for people, `on_step` what is being done; `on_device_fault` see FunasrRecognizer.
    Raises SelfTestFailed when the loaded model does not answer a known clip as SenseVoice would;
    `self_test=False` is for weights that are random on purpose.
    """
    on_step(LoadStep("libraries"))
    # The process of the decoders takes half a second to start, on another core.
    clip = begin(known_clip, "known-clip") if self_test else None
    device = resolve_device(settings.device)
    recogniser = _find(settings, settings.model, announce, on_step)
    detector = _find(settings, settings.vad_model, announce, on_step)
    precision = resolve_precision(settings.precision, device, recogniser.directory)
    on_step(LoadStep("load"))
    info = replace(known_info(settings), device=device, precision=precision)
    models = _open(recogniser, detector, info, announce, on_step)
    open_on_cpu = functools.partial(funasr_model.open_model, "SenseVoiceSmall", recogniser.directory, "cpu")
    voices = LazyVoiceEncoder(functools.partial(_find_voices, settings, announce), models.info.device)
    recognizer = FunasrRecognizer(models, open_on_cpu, on_device_fault, voices)
    if clip is not None:
        on_step(LoadStep("self_test"))
        recognizer.self_test(clip.result())
    return recognizer


def _find(settings: ModelSettings, name: str, announce: Announce, on_step: OnStep) -> ModelFiles:
    """Find one model and verify it, before the next is downloaded."""
    if settings.demo:
        directory = demo.ASR_DIR if name == settings.model else demo.VAD_DIR
    else:
        directory = hub.find_model(name, settings.hub, settings.cache_dir, announce, on_step)
    on_step(LoadStep("check"))
    return files.verify(directory, settings.verify)


def _find_voices(settings: ModelSettings, announce: Announce) -> Path:
    """Return the verified directory of the speaker model; `hub` and `files` say what they raise."""
    if settings.demo:
        return files.verify(demo.SPEAKER_DIR, contents=files.VOICES).directory
    directory = hub.find_model(
        settings.speaker_model, settings.hub, settings.cache_dir, announce, contents=files.VOICES
    )
    return files.verify(directory, settings.verify, files.VOICES).directory


def _open(
    recogniser: ModelFiles, detector: ModelFiles, info: ModelInfo, announce: Announce, on_step: OnStep
) -> OpenModels:
    directories = (recogniser.directory, detector.directory)
    opened = None
    if info.device != "cpu":
        opened = gpu_model.open_recogniser(recogniser, info.device, info.precision, announce)
    if opened is not None:
        model, precision = opened
        vad = gpu_model.open_detector(detector, info.device, announce)
        batch_s = gpu_model.batch_seconds(info.device, precision, MAX_BATCH_S, announce)
        funasr_model.keep_gpu_memory()
        funasr_model.release_memory()
        info = replace(info, precision=precision)
        return OpenModels(model, vad, *directories, info, usable_cores(), batch_s)
    if info.device != "cpu":
        precision = resolve_precision("auto", "cpu", recogniser.directory)
        info = replace(info, device="cpu", precision=precision)
    model, precision = cpu_model.open_model(recogniser, info.precision, announce, on_step)
    vad = gpu_model.open_detector_on(detector, "cpu")
    funasr_model.release_memory()
    return OpenModels(model, vad, *directories, replace(info, precision=precision), clips_side_by_side())


def clips_side_by_side() -> int:
    """Return how many clips a CPU recognises at a time: one a core, as long as there is memory for them."""
    free = available_bytes()
    fitting = usable_cores() if free is None else int(free * MEMORY_SHARE // CLIP_BYTES)
    return max(1, min(usable_cores(), fitting))
