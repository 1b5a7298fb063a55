"""Sets the environment of the process before the libraries read it at import."""

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
from collections.abc import Sequence
from pathlib import Path

log = logging.getLogger(__name__)

LOOPBACK = ("localhost", "127.0.0.1")

SWITCHES = {
    # No usage statistics, no version checks.
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    # funasr and transformers warn about what a user of this program cannot change.
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "error",
    # torch's threads would spin after each step, on the cores that ONNX Runtime uses: fsmn-vad took a third
    # longer.
    "OMP_WAIT_POLICY": "PASSIVE",
    # glibc gives the threads of jobs heaps of their own, which keep what was freed: eight recordings of an
    # hour took 200 MB more. It is read by the process that the supervisor starts.
    "MALLOC_ARENA_MAX": "2",
    # Blocks of sound, 0.6 MB and more, go back to the system when they are freed. By itself glibc soon keeps
    # blocks of up to 32 MB in the heap, and small ones between them hold them there: 80 MB beside eight
    # recordings. What a clip needs again and again is smaller, or in ONNX Runtime's own heap.
    "MALLOC_MMAP_THRESHOLD_": "600000",
    # Set by hand, the other one no longer follows: the end of the heap would be given back at every step.
    "MALLOC_TRIM_THRESHOLD_": "16777216",
}


def prepare() -> list[str]:
    """Set what the libraries read at import; return a sentence for every proxy variable that was changed.

    gradio requests its own address at start, through any proxy: without loopback in NO_PROXY that fails or
    hangs. httpx cannot parse an address in brackets in NO_PROXY, and needs another package for SOCKS; either
    makes `import gradio` fail.
    """
    for name, value in SWITCHES.items():
        os.environ.setdefault(name, value)
    _find_place_for_compiled_code()
    _let_any_text_be_printed()
    return [*_clean_no_proxy(), *_drop_socks()]


def user_cache(directory: Path | None = None) -> Path | None:
    """Return the program's folder in the user's cache, or the one in it for a directory.

    None for a user without a home. Nothing is created.
    """
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sensevoice"
    except RuntimeError:
        return None
    return cache / hashlib.sha256(str(directory).encode()).hexdigest()[:16] if directory else cache


def _let_any_text_be_printed() -> None:
    """Print a question mark for what the terminal's encoding lacks, instead of raising an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _find_place_for_compiled_code() -> None:
    """Point numba at a cache folder when it cannot write beside the code; without one it fails."""
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


LOGINS = "SENSEVOICE_AUTH"
"""The variable with the logins, one a line."""

WEBHOOK_SECRET = "SENSEVOICE_WEBHOOK_SECRET"

LLM_KEY = "SENSEVOICE_LLM_KEY"

HIDDEN = {"--auth": LOGINS, "--llm-key": LLM_KEY}
"""Options that are secrets, and the variables that they become."""


def hide_secrets() -> None:
    """Start this program once more if passwords are among its arguments, which everybody here can read.

    The new one has them in its environment, which only this user can read.
    """
    rest = sys.orig_argv
    for option, variable in HIDDEN.items():
        given, rest = take_option(rest, option)
        if given:
            os.environ[variable] = "\n".join(given)
    if rest != sys.orig_argv:
        os.execv(sys.executable, rest)  # nosec B606


def take_option(arguments: Sequence[str], option: str) -> tuple[list[str], list[str]]:
    """Return the values of an option that may be given more than once, and the other arguments."""
    values: list[str] = []
    others: list[str] = []
    left = iter(arguments)
    for argument in left:
        if argument == option:
            values += [value for value in [next(left, None)] if value is not None]
        elif argument.startswith(f"{option}="):
            values.append(argument.removeprefix(f"{option}="))
        else:
            others.append(argument)
    return values, others


def secret(variable: str) -> str:
    """Return the secret in a variable, "" for none, and take it out of what other programs inherit."""
    return os.environ.pop(variable, "").strip()


def logins() -> list[str]:
    """Return the logins of the variable, and take them out of what other programs inherit."""
    return [line for line in os.environ.pop(LOGINS, "").splitlines() if line.strip()]
