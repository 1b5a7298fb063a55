"""funasr's AutoModel, built quietly from a verified directory, with a check that its files came in."""

from __future__ import annotations

import contextlib
import io
import json
import logging
from pathlib import Path
from typing import Any

import yaml

from sensevoice.audio.info import SAMPLE_RATE_HZ
from sensevoice.errors import ModelFileDamaged, first_line
from sensevoice.models.sources.files import CONFIG, DESCRIPTION, FEATURE_SCALE, WEIGHTS
from sensevoice.protocols import FunasrModel
from sensevoice.runtime.cpus import usable_cores
from sensevoice.runtime.memory import trim_heap

log = logging.getLogger(__name__)


def open_model(kind: str, directory: Path, device: str, **settings: object) -> FunasrModel:
    """Build funasr's AutoModel from a verified directory, and check that its files came in.

    `kind` is what funasr calls the network: another one would load, and fail on the first file. Raises
    ModelFileDamaged.
    """
    stored = stored_weights(directory, WEIGHTS)
    # Dither adds noise: the same file would give other text on every run.
    frontend = {"dither": 0.0}
    model = _built(directory, model=str(directory), device=device, frontend_conf=frontend, **settings)
    if model.kwargs["model"] != kind:
        reason = f"model: {model.kwargs['model']}, not / 而不是 {kind}"
        raise ModelFileDamaged(path=directory, file=CONFIG, reason=reason)
    _check_weights(model.model, stored, directory)
    _check_frontend(model.kwargs["frontend"], directory)
    return model


def open_graph(directory: Path, graph: Path | bytes) -> FunasrModel:
    """Build funasr's AutoModel around a graph made from the model directory: without its weights.

    Raises ModelFileDamaged, also when the graph itself is.
    """
    from sensevoice.recognise import onnx_session

    if isinstance(graph, Path):
        onnx_session.open_ahead(str(graph))  # half a second beside the imports of funasr
    settings = yaml.safe_load((directory / CONFIG).read_text("utf-8"))
    described = json.loads((directory / DESCRIPTION).read_text("utf-8"))
    for name, files in described["file_path_metas"].items():
        if isinstance(files, dict):
            result = {key: str(directory / file) for key, file in files.items()}
            settings[name] = {**(settings.get(name) or {}), **result}
    settings["frontend_conf"]["dither"] = 0.0
    settings |= {"model": "OnnxSenseVoiceSmall", "device": "cpu"}
    settings["graph"] = graph if isinstance(graph, bytes) else str(graph)
    model = _built(directory, **settings)
    _check_frontend(model.kwargs["frontend"], directory)
    return model


def _built(directory: Path, **settings: object) -> FunasrModel:
    """Build an AutoModel without its chatter. Raises ModelFileDamaged."""
    from sensevoice.models import registry

    registry.register()
    from funasr import AutoModel

    from sensevoice.models.funasr_imports import import_what_is_named

    printed = io.StringIO()
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)  # funasr logs through the root logger, warnings about nothing included
    try:
        with contextlib.redirect_stdout(printed):
            import_what_is_named(yaml.safe_load((directory / CONFIG).read_text("utf-8")))
            model: FunasrModel = AutoModel(
                ncpu=usable_cores(),
                disable_update=True,
                disable_pbar=True,
                trust_remote_code=False,
                log_level="ERROR",
                **settings,
            )
            return model
    except Exception as exc:  # yaml, sentencepiece, funasr's own …: all of them mean an unfit file
        raise ModelFileDamaged(path=directory, file=_blamed(exc, directory), reason=_reason(exc)) from exc
    finally:
        root.setLevel(level)
        log.debug("%s", printed.getvalue())


def release_memory() -> None:
    """Release cached memory: the GPU's, and the heap's where the C library can (glibc)."""
    import torch

    torch.cuda.memory.empty_cache()  # does nothing where CUDA was never used
    trim_heap()


def keep_gpu_memory() -> None:
    """Keep funasr, from now on, from giving the GPU's free memory back after every call.

    Asking for it again costs every batch milliseconds. `release_memory` still gives it back.
    """
    import torch

    torch.cuda.empty_cache = lambda: None


def stored_weights(directory: Path, file: str) -> dict[str, Any]:
    """Return the tensors in a file of a model directory, by name. Raises ModelFileDamaged."""
    import torch

    path = directory / file
    try:
        try:
            stored = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        except RuntimeError:  # files of torch before 1.6 cannot be mapped
            stored = torch.load(path, map_location="cpu", weights_only=True)
        for key in ("state_dict", "model_state_dict", "model"):  # where funasr looks for them, too
            stored = stored.get(key, stored)
    except Exception as exc:  # torch raises whatever the damage leads it to
        raise ModelFileDamaged(path=directory, file=file, reason=_reason(exc)) from exc
    return {name: tensor for name, tensor in stored.items() if isinstance(tensor, torch.Tensor)}


def _check_weights(network: Any, stored: dict[str, Any], directory: Path) -> None:
    """Raise ModelFileDamaged unless the file held all of the network's weights, all finite.

    funasr skips what is missing or has another shape without a word.
    """
    import torch

    for name, tensor in network.state_dict().items():
        if name not in stored or stored[name].shape != tensor.shape:
            raise ModelFileDamaged(path=directory, file=WEIGHTS, reason=f"no fitting / 缺少 {name}")
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise ModelFileDamaged(path=directory, file=WEIGHTS, reason=f"not finite / 非有限值 {name}")


def _check_frontend(frontend: Any, directory: Path) -> None:
    """Raise ModelFileDamaged unless the features are scaled by am.mvn and made for 16 kHz."""
    import torch

    scale = frontend.cmvn
    if scale is None or tuple(scale.shape) != (2, frontend.output_size()) or not torch.isfinite(scale).all():
        raise ModelFileDamaged(path=directory, file=FEATURE_SCALE, reason="does not fit / 与模型不符")
    if frontend.fs != SAMPLE_RATE_HZ:
        raise ModelFileDamaged(path=directory, file=CONFIG, reason=f"fs: {frontend.fs}")


def _blamed(error: Exception, directory: Path) -> str:
    """Name the file that an error is about: one that it names, or else the configuration."""
    named = (path.name for path in sorted(directory.iterdir()) if path.name in str(error))
    return next(named, CONFIG)


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {first_line(error)}"
