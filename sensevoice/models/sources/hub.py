"""Finding model directories: a folder, the cache, or a download from ModelScope or Hugging Face."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

from sensevoice.errors import ModelFileMissing, ModelNotAvailable, OptionError, first_line
from sensevoice.models.sources import checksums, files, hub_client
from sensevoice.progress import LoadStep

log = logging.getLogger(__name__)

DEFAULT_MODEL = "iic/SenseVoiceSmall"
DEFAULT_VAD_MODEL = "fsmn-vad"
DEFAULT_SPEAKER_MODEL = "iic/speech_campplus_sv_zh_en_16k-common_advanced"
HUB_NAMES = {"ms": "ModelScope", "hf": "Hugging Face"}
HUBS = tuple(HUB_NAMES)

REPOSITORIES = {
    "ms": {"fsmn-vad": "iic/speech_fsmn_vad_zh-cn-16k-common-pytorch"},
    "hf": {
        "fsmn-vad": "funasr/fsmn-vad",
        "iic/SenseVoiceSmall": "FunAudioLLM/SenseVoiceSmall",
        DEFAULT_SPEAKER_MODEL: "funasr/campplus",
    },
}
"""Short names and names of the other hub, as in funasr.download.name_maps_from_hub. Hugging Face has no copy
of the CAM++ for Chinese and English; its counterpart there is the one for Chinese, of the same class."""


def find_model(
    name: str,
    hub: str = "ms",
    cache_dir: str | None = None,
    announce: Callable[[str], None] = log.info,
    on_step: Callable[[LoadStep], None] = lambda step: None,
    refresh: bool = False,
    contents: files.Contents = files.SPEECH,
) -> Path:
    """Return the directory of a model, downloading it first if need be; `files.verify` says what it is worth.

    `name` is a directory or a name on the hub; `announce` gets a line that says where the model comes from,
    `on_step` how far a download is. `refresh` has a cached model, too, compared with the hub by its client;
    `contents` is what a whole one holds. Raises OptionError, ModelFileMissing when `name` is a
    path to nothing, ModelNotAvailable when the model is neither here nor to be had.
    """
    if hub not in HUBS:
        raise OptionError(option="hub", value=hub, allowed=", ".join(HUBS))
    if os.path.isdir(name):
        announce(f"{name}: local directory / 本地目录")
        # Made absolute, because funasr takes a folder called "fsmn-vad" for a name on the hub.
        return Path(name).resolve()
    if name.startswith((".", "/", "~")):
        raise ModelFileMissing(path=name, file=files.CONFIG)
    repository = REPOSITORIES[hub].get(name, name)
    cached = _cached(repository, hub, cache_dir)
    is_whole = cached is not None and not files.missing_files(cached, contents)
    if cached is not None and is_whole and not refresh:
        announce(f"{repository}: cached in / 已缓存于 {cached}")
        return cached
    announce(f"{repository}: downloading from / 正在下载 {HUB_NAMES[hub]}")
    try:
        directory = _downloaded(repository, hub, cache_dir, on_step)
    except Exception as exc:  # the hubs raise dozens of types, and all mean the same to the user
        if cached is not None and is_whole:
            log.warning("%s: not compared with the hub / 未能与模型仓库比对: %s", repository, first_line(exc))
            return cached
        raise _not_available(repository, hub, cache_dir, cached, _reason(exc), contents) from exc
    checksums.forget(directory)
    return directory


def _downloaded(
    repository: str, hub: str, cache_dir: str | None, on_step: Callable[[LoadStep], None]
) -> Path:
    """Download a model; return its directory. Raises what the clients raise."""
    on_step(LoadStep("download"))

    def on_bytes(done: int, total: int) -> None:
        on_step(LoadStep("download", done, total))

    return Path(hub_client.snapshot(repository, hub, cache_dir, False, on_bytes))


def _cached(repository: str, hub: str, cache_dir: str | None) -> Path | None:
    try:
        return Path(hub_client.snapshot(repository, hub, cache_dir, local_files_only=True))
    except Exception:  # both hubs say "not cached" by many exceptions; the next step is the same
        log.debug("%s is not in the cache", repository, exc_info=True)
        return None


def _not_available(
    repository: str,
    hub: str,
    cache_dir: str | None,
    cached: Path | None,
    reason: str,
    contents: files.Contents,
) -> ModelNotAvailable:
    folder = cached or Path(cache_dir or _default_cache(hub))
    missing = ", ".join(files.missing_files(cached, contents)) if cached else repository
    return ModelNotAvailable(model=repository, path=folder, missing=missing, reason=reason)


def _reason(error: Exception) -> str:
    """Return what a client says in its first line, and the files that it lists below."""
    first, *others = str(error).strip().splitlines() or [type(error).__name__]
    listed = [line.strip() for line in others if line.strip().startswith("- ")]
    return " ".join([first[:200], *listed])[:300]


def _default_cache(hub: str) -> Path:
    if hub == "hf":
        return Path(os.environ.get("HF_HOME", "~/.cache/huggingface")).expanduser() / "hub"
    return Path(os.environ.get("MODELSCOPE_CACHE", "~/.cache/modelscope")).expanduser()
