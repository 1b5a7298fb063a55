"""What a model directory has to hold, and whether all of it is there and unchanged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sensevoice.errors import ModelFileDamaged, ModelFileMissing, first_line
from sensevoice.models.sources import checksums

CONFIG = "config.yaml"
DESCRIPTION = "configuration.json"
WEIGHTS = "model.pt"
FEATURE_SCALE = "am.mvn"
FEATURE_SCALE_MARKS = ("<AddShift>", "<Rescale>", "</Nnet>")
"""What funasr reads of it, and its end: it takes a file that was cut short without a word."""

MIN_WEIGHTS_BYTES = 10_000
"""A page of HTML or a pointer file in place of the weights is smaller than this."""


@dataclass(frozen=True)
class Contents:
    """What a model's directory holds, whatever its description says; the first of `weights` that is there."""

    always: tuple[str, ...]
    weights: tuple[str, ...] = (WEIGHTS,)


SPEECH = Contents((CONFIG, DESCRIPTION, FEATURE_SCALE))
"""Without am.mvn or model.pt funasr goes on in silence, with random weights; neither is optional."""

VOICES = Contents((DESCRIPTION,), ("campplus_cn_en_common.pt", "campplus_cn_common.bin", WEIGHTS))
"""CAM++ as ModelScope, Hugging Face and this program name its weights; some copies have no config.yaml."""


@dataclass(frozen=True)
class ModelFiles:
    """A verified model directory, and the SHA-256 of every file that its configuration names."""

    directory: Path
    sha256: Mapping[str, str]


def verify(directory: Path, force: bool = False, contents: Contents = SPEECH) -> ModelFiles:
    """Return what a directory holds if it is complete and unchanged; see `checksums.check` for `force`.

    `contents` is what has to be there. Raises ModelFileMissing, ModelFileDamaged.
    """
    try:
        check_complete(directory, contents)
    except ModelFileDamaged:
        checksums.check_cached_names(directory)  # what Hugging Face's cache has to fetch again
        raise
    bundled = directory.parent
    if not (bundled / checksums.SUMS).is_file():
        return ModelFiles(directory, checksums.check(directory, named_files(directory, contents), force))
    prefix = f"{directory.name}/"
    sums = checksums.check_sums(bundled).items()
    return ModelFiles(directory, {name.removeprefix(prefix): digest for name, digest in sums})


def check_complete(directory: Path, contents: Contents = SPEECH) -> None:
    """Raise ModelFileMissing or ModelFileDamaged unless every named file is there and whole."""
    for name in missing_files(directory, contents):
        if (directory / name).exists():
            raise ModelFileDamaged(path=directory, file=name, reason="empty or far too small / 空文件或过小")
        raise ModelFileMissing(path=directory, file=name)
    if (directory / CONFIG).is_file():
        _check_config(directory)
    if FEATURE_SCALE in contents.always:
        _check_scale(directory)


def _check_scale(directory: Path) -> None:
    scale = (directory / FEATURE_SCALE).read_text("utf-8", errors="replace")
    if not all(mark in scale for mark in FEATURE_SCALE_MARKS):
        raise ModelFileDamaged(path=directory, file=FEATURE_SCALE, reason="not whole / 不完整")


def missing_files(directory: Path, contents: Contents = SPEECH) -> list[str]:
    """Return the files that the directory's configuration names and that are absent or empty."""
    weights = weights_file(directory, contents)
    names = named_files(directory, contents)
    return [name for name in names if not _is_whole(directory / name, name == weights)]


def weights_file(directory: Path, contents: Contents) -> str:
    """Return the name of the weights: the first of those that are known which is there, else the first."""
    return next((name for name in contents.weights if (directory / name).exists()), contents.weights[0])


def named_files(directory: Path, contents: Contents = SPEECH) -> list[str]:
    """List what has to be there and what configuration.json names (funasr reads it, too)."""
    description = directory / DESCRIPTION
    names: list[str] = []
    if description.is_file() and description.stat().st_size:
        try:
            named = json.loads(description.read_text("utf-8")).get("file_path_metas", {})
        except (ValueError, AttributeError) as exc:
            raise ModelFileDamaged(path=directory, file=DESCRIPTION, reason=first_line(exc)) from exc
        names += _leaves(named)
    # The order in which they are missed: the small ones first, which say what the others should be.
    return list(dict.fromkeys([*contents.always, *names, weights_file(directory, contents)]))


def _check_config(directory: Path) -> None:
    try:
        settings = yaml.safe_load((directory / CONFIG).read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as exc:
        raise ModelFileDamaged(path=directory, file=CONFIG, reason=first_line(exc)) from exc
    if not isinstance(settings, dict) or "model" not in settings:
        raise ModelFileDamaged(path=directory, file=CONFIG, reason="names no model / 没有写明模型")


def _leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in _leaves(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in _leaves(item)]
    return [value] if isinstance(value, str) else []


def _is_whole(path: Path, is_weights: bool) -> bool:
    return path.is_file() and path.stat().st_size >= (MIN_WEIGHTS_BYTES if is_weights else 1)
