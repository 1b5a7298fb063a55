"""Finding model directories: a folder, the cache, or a download from ModelScope or Hugging Face."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sensevoice.errors import ModelFileDamaged, ModelFileMissing, ModelNotAvailable, OptionError
from sensevoice.models import checksums, hub_client
from sensevoice.models.checksums import Listed
from sensevoice.progress import LoadStep

log = logging.getLogger(__name__)

DEFAULT_MODEL = "iic/SenseVoiceSmall"
DEFAULT_VAD_MODEL = "fsmn-vad"
DEFAULT_SPEAKER_MODEL = "iic/speech_campplus_sv_zh_en_16k-common_advanced"
HUBS = ("ms", "hf")

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

CONFIG = "config.yaml"
DESCRIPTION = "configuration.json"
WEIGHTS = "model.pt"
FEATURE_SCALE = "am.mvn"
FEATURE_SCALE_MARKS = ("<AddShift>", "<Rescale>", "</Nnet>")
"""What funasr reads of it, and its end: it takes a file that was cut short without a word."""

SMALLEST_WEIGHTS = 10_000
"""Bytes; a page of HTML or a pointer file in place of the weights is smaller."""


@dataclass(frozen=True)
class Contents:
    """What a model's directory holds, whatever its description says; the first of `weights` that is there."""

    always: tuple[str, ...]
    weights: tuple[str, ...] = (WEIGHTS,)


SPEECH = Contents((CONFIG, DESCRIPTION, FEATURE_SCALE))
"""Without am.mvn or model.pt funasr goes on in silence, with random weights; neither is optional."""

VOICES = Contents((DESCRIPTION,), ("campplus_cn_en_common.pt", "campplus_cn_common.bin", WEIGHTS))
"""CAM++ as ModelScope, Hugging Face and this program name its weights; some copies have no config.yaml."""


def find_model(
    name: str,
    hub: str = "ms",
    cache_dir: str | None = None,
    announce: Callable[[str], None] = log.info,
    download: bool = True,
    on_step: Callable[[LoadStep], None] = lambda step: None,
    ask_hub: bool = False,
    contents: Contents = SPEECH,
) -> Path:
    """Return the directory of a model, verified; download it first if need be.

    `name` is a directory or a name on the hub ("ms" ModelScope, "hf" Hugging Face); `announce` gets a
    line that says where the model comes from, `on_step` how far a download is. `ask_hub` compares a
    cached model, too, with what the hub lists; `contents` is what has to be there. Raises ModelNotAvailable
    when it is neither here nor to be had, ModelFileMissing or ModelFileDamaged when a directory is not whole.
    """
    if hub not in HUBS:
        raise OptionError(option="hub", value=hub, allowed=", ".join(HUBS))
    if os.path.isdir(name):
        announce(f"{name}: local directory / 本地目录")
        # Made absolute, because funasr takes a folder called "fsmn-vad" for a name on the hub.
        return _trusted(Path(name).resolve(), on_step, contents)
    if name.startswith((".", "/", "~")):
        raise ModelFileMissing(path=name, file=CONFIG)
    repository = REPOSITORIES[hub].get(name, name)
    cached = _cached(repository, hub, cache_dir)
    if cached is not None and not missing_files(cached, contents):
        announce(f"{repository}: cached in / 已缓存于 {cached}")
        if ask_hub:
            _expect_what_the_hub_lists(repository, hub, cached, contents)
        return _trusted(cached, on_step, contents)
    if not download:
        raise _not_available(repository, hub, cache_dir, cached, "offline", contents)
    announce(f"{repository}: downloading from / 正在下载 {'ModelScope' if hub == 'ms' else 'Hugging Face'}")
    try:
        directory, listed = _downloaded(repository, hub, cache_dir, on_step)
    except Exception as exc:  # the hubs raise dozens of types, and all mean the same to the user
        raise _not_available(repository, hub, cache_dir, cached, _first_line(exc), contents) from exc
    _expect(directory, listed, contents)
    return _trusted(directory, on_step, contents)


def _downloaded(
    repository: str, hub: str, cache_dir: str | None, on_step: Callable[[LoadStep], None]
) -> tuple[Path, dict[str, Listed]]:
    """Download a model; return its directory and what its files should be. Raises what the clients raise."""
    on_step(LoadStep("download"))
    listed = hub_client.listed_files(repository, hub)
    total = sum(file.size for file in listed.values())

    def on_bytes(done: int) -> None:
        on_step(LoadStep("download", min(done, total), total))

    return Path(hub_client.snapshot(repository, hub, cache_dir, False, on_bytes)), listed


def _expect_what_the_hub_lists(repository: str, hub: str, directory: Path, contents: Contents) -> None:
    try:
        listed = hub_client.listed_files(repository, hub, directory)
    except Exception as exc:  # as above; the model is here, and was compared when it came
        log.warning("%s: not compared with the hub / 未能与模型仓库比对: %s", repository, _first_line(exc))
        return
    _expect(directory, listed, contents)


def _expect(directory: Path, listed: Mapping[str, Listed], contents: Contents) -> None:
    names = set(_named_files(directory, contents))
    checksums.expect(directory, {name: file for name, file in listed.items() if name in names})


def missing_files(directory: Path, contents: Contents = SPEECH) -> list[str]:
    """Return the files that the directory's configuration names and that are absent or empty."""
    weights = weights_file(directory, contents)
    return [
        name for name in _named_files(directory, contents) if not _is_whole(directory / name, name == weights)
    ]


def verify(directory: Path, contents: Contents = SPEECH) -> Path:
    """Return the directory if every file it names is there and whole; see `find_model` for errors."""
    for name in missing_files(directory, contents):
        if (directory / name).exists():
            raise ModelFileDamaged(path=directory, file=name, reason="empty or far too small / 空文件或过小")
        raise ModelFileMissing(path=directory, file=name)
    if (directory / CONFIG).is_file():
        _check_config(directory)
    if FEATURE_SCALE in contents.always:
        _check_scale(directory)
    return directory


def weights_file(directory: Path, contents: Contents) -> str:
    """Return the name of the weights: the first of those that are known which is there, else the first."""
    return next((name for name in contents.weights if (directory / name).exists()), contents.weights[0])


def _check_scale(directory: Path) -> None:
    scale = (directory / FEATURE_SCALE).read_text("utf-8", errors="replace")
    if not all(mark in scale for mark in FEATURE_SCALE_MARKS):
        raise ModelFileDamaged(path=directory, file=FEATURE_SCALE, reason="not whole / 不完整")


def _trusted(directory: Path, on_step: Callable[[LoadStep], None], contents: Contents) -> Path:
    """Return a directory that is whole and, file by file, what the hub lists or it was at its first use."""
    on_step(LoadStep("check"))
    verify(directory, contents)
    if (directory.parent / checksums.SUMS).is_file():  # the bundled ones
        checksums.check_sums(directory.parent)
    else:
        checksums.check(directory, _named_files(directory, contents))
    return directory


def _check_config(directory: Path) -> None:
    try:
        settings = yaml.safe_load((directory / CONFIG).read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as exc:
        raise ModelFileDamaged(path=directory, file=CONFIG, reason=_first_line(exc)) from exc
    if not isinstance(settings, dict) or "model" not in settings:
        raise ModelFileDamaged(path=directory, file=CONFIG, reason="names no model / 没有写明模型")


def _named_files(directory: Path, contents: Contents) -> list[str]:
    """List what has to be there and what configuration.json names (funasr reads it, too)."""
    description = directory / DESCRIPTION
    names: list[str] = []
    if description.is_file() and description.stat().st_size:
        try:
            named = json.loads(description.read_text("utf-8")).get("file_path_metas", {})
        except (ValueError, AttributeError) as exc:
            raise ModelFileDamaged(path=directory, file=description.name, reason=_first_line(exc)) from exc
        names += _leaves(named)
    # The order in which they are missed: the small ones first, which say what the others should be.
    return list(dict.fromkeys([*contents.always, *names, weights_file(directory, contents)]))


def _leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in _leaves(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in _leaves(item)]
    return [value] if isinstance(value, str) else []


def _is_whole(path: Path, is_weights: bool) -> bool:
    return path.is_file() and path.stat().st_size >= (SMALLEST_WEIGHTS if is_weights else 1)


def _cached(repository: str, hub: str, cache_dir: str | None) -> Path | None:
    try:
        return Path(hub_client.snapshot(repository, hub, cache_dir, local_files_only=True))
    except Exception:  # both hubs say "not cached" by many exceptions; the next step is the same
        log.debug("%s is not in the cache", repository, exc_info=True)
        return None


def _not_available(
    repository: str, hub: str, cache_dir: str | None, cached: Path | None, reason: str, contents: Contents
) -> ModelNotAvailable:
    folder = cached or Path(cache_dir or _default_cache(hub))
    missing = ", ".join(missing_files(cached, contents)) if cached else repository
    return ModelNotAvailable(model=repository, path=folder, missing=missing, reason=reason)


def _default_cache(hub: str) -> Path:
    if hub == "hf":
        return Path(os.environ.get("HF_HOME", "~/.cache/huggingface")).expanduser() / "hub"
    return Path(os.environ.get("MODELSCOPE_CACHE", "~/.cache/modelscope")).expanduser()


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
