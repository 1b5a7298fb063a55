"""funasr without its other forty models: imported in two seconds instead of seven, 400 MB less.

`import funasr` imports every module it has, so that each model may register itself, and with them
transformers, modelscope, librosa and pandas. What AutoModel needs of it is imported here by name; the
rest can still be imported later.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from unittest import mock

NEEDED = (
    "funasr.auto.auto_model",
    "funasr.frontends.wav_frontend",
    "funasr.models.fsmn_vad_streaming.encoder",
    "funasr.models.fsmn_vad_streaming.model",
    "funasr.models.sense_voice.model",
    "funasr.tokenizer.sentencepiece_tokenizer",
)

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
        with mock.patch.object(pkgutil, "walk_packages", lambda *_, **__: ()):
            for name in NEEDED:
                importlib.import_module(name)
    finally:
        for name in absent:
            del sys.modules[name]
