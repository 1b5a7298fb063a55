"""funasr without its other forty models: imported in two seconds instead of seven, 400 MB less.

`import funasr` imports every module it has, so that each model may register itself, and with them
transformers, modelscope, librosa and pandas. What AutoModel needs of it for the released models is imported
here by name; the rest is imported when a model's configuration names something that is not there yet.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Mapping
from typing import Any
from unittest import mock

from sensevoice.runtime.imports import without_collector

NEEDED = (
    "funasr.auto.auto_model",
    "funasr.frontends.wav_frontend",
    "funasr.models.fsmn_vad_streaming.encoder",
    "funasr.models.fsmn_vad_streaming.model",
    "funasr.models.sense_voice.model",
    "funasr.models.specaug.specaug",
    "funasr.tokenizer.sentencepiece_tokenizer",
)

NAMING = ("model", "frontend", "tokenizer", "encoder", "specaug", "normalize")
"""The entries of a config.yaml that name a class of funasr's registry, each in a table of its own."""

UNUSED = ("funasr.models.campplus.utils", "funasr.models.campplus.cluster_backend")
"""Telling speakers apart, which AutoModel does without where these are missing: they import sklearn."""


def import_funasr() -> None:
    """Import what is NEEDED, unless funasr is there already."""
    if "funasr" in sys.modules:
        return
    # A name that stands for None cannot be imported.
    absent = [name for name in UNUSED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
    try:
        # funasr finds its modules by this function.
        with mock.patch.object(pkgutil, "walk_packages", lambda *_, **__: ()), without_collector():
            for name in NEEDED:
                importlib.import_module(name)
    finally:
        for name in absent:
            del sys.modules[name]


def import_what_is_named(config: Mapping[str, Any]) -> None:
    """Import all of funasr when a config.yaml names what is not imported: a model of somebody's own, say."""
    import funasr
    from funasr.register import tables

    named = ((entry, config.get(entry)) for entry in NAMING)
    if any(name and name not in getattr(tables, f"{entry}_classes") for entry, name in named):
        funasr.import_submodules(funasr)
