"""Putting the process's environment in order before the heavy imports read it."""

from __future__ import annotations

import atexit
import hashlib
import importlib.util
import io
import logging
import os
import shutil
import sys
import tempfile
from pathlib import Path

log = logging.getLogger(__name__)

LOOPBACK = ("localhost", "127.0.0.1")

SWITCHES = {
    # Nothing is told to anybody: no usage figures, no version checks.
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    # funasr and transformers warn about things a user of this program can do nothing about.
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "error",
    # torch's threads would go on spinning after each step, on the cores that ONNX Runtime works on: fsmn-vad
    # took a third longer.
    "OMP_WAIT_POLICY": "PASSIVE",
}


def prepare() -> list[str]:
    """Set what the libraries read at import; return a sentence for every proxy variable changed.

    gradio asks its own address at start, through any proxy that is set: without loopback in NO_PROXY
    that fails or hangs. httpx cannot read an address in brackets in NO_PROXY, and needs a further
    package for SOCKS; both stop `import gradio`.
    """
    for name, value in SWITCHES.items():
        os.environ.setdefault(name, value)
    _find_place_for_compiled_code()
    _let_any_text_be_printed()
    return [*_clean_no_proxy(), *_drop_socks()]


def user_cache(directory: Path | None = None) -> Path | None:
    """Return the program's folder in the user's cache, or the one there that stands for a directory.

    None for a user without a home. Nothing is made.
    """
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sensevoice"
    except RuntimeError:
        return None
    return cache / hashlib.sha256(str(directory).encode()).hexdigest()[:16] if directory else cache


def _let_any_text_be_printed() -> None:
    """Print a question mark for what the terminal's encoding lacks, instead of ending with an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _find_place_for_compiled_code() -> None:
    """Give numba a folder of its own where it cannot write beside the code; without one it would fail."""
    beside = Path(__file__).parents[1] / "vad"
    if "NUMBA_CACHE_DIR" in os.environ or os.access(beside, os.W_OK):
        return
    cache = user_cache()
    try:
        if cache is None:
            raise FileNotFoundError("no home")
        folder = cache / "numba"
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:  # no home, or a read-only one: compiled anew at each start
        folder = Path(tempfile.mkdtemp(prefix="sensevoice-numba-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)


def _clean_no_proxy() -> list[str]:
    if not any(name.lower().endswith("_proxy") and name.lower() != "no_proxy" for name in os.environ):
        return []
    entries = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    kept = [item.strip() for item in entries.split(",") if item.strip() and "[" not in item]
    wanted = ",".join([*kept, *(host for host in LOOPBACK if host not in kept and "*" not in kept)])
    if wanted == entries:
        return []
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = wanted
    return [f"NO_PROXY={wanted} (loopback must not go through a proxy / 本机地址不走代理)"]


def _drop_socks() -> list[str]:
    if importlib.util.find_spec("socksio"):
        return []
    changed = []
    for name in ("all_proxy", "ALL_PROXY", "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        if os.environ.get(name, "").lower().startswith("socks"):
            del os.environ[name]
            changed.append(f"{name} left out: SOCKS needs the package socksio / 已忽略 SOCKS 代理 {name}")
    return changed
