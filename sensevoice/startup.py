"""What the app prints and checks while it starts."""

from __future__ import annotations

import errno
import getpass
import os
import platform
import socket
import sys
import time
from collections.abc import Callable
from importlib.metadata import version

from sensevoice import __version__
from sensevoice.door import Door
from sensevoice.errors import OptionError, PortTaken, StartupError
from sensevoice.models import FunasrRecognizer, ModelSettings, load_recognizer, resolve_device
from sensevoice.pyav_decoder import check_version

ANY_ADDRESS = ("0.0.0.0", "::", "")

Say = Callable[[str], None]


def say(line: str) -> None:
    """Print a line at once, so that it is seen before what follows takes its time."""
    print(line, flush=True)


def check_port(host: str, port: int) -> None:
    """Raise PortTaken, OptionError or StartupError if the app could not listen there."""
    if not 1 <= port <= 65535:
        raise OptionError(option="port", value=port, allowed="1 … 65535")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As the web server does: a port in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as exc:
            if exc.errno == errno.EADDRINUSE:
                raise PortTaken(host=host, port=port) from exc
            raise StartupError(reason=f"{host}:{port}: {exc.strerror}") from exc


def announce_versions(settings: ModelSettings) -> str:
    """Print versions and device; return the device. Raises DeviceUnavailable."""
    check_version()
    say(f"SenseVoice {__version__} · loading libraries / 正在载入依赖库 …")
    device = resolve_device(settings.device)
    packages = " · ".join(f"{name} {version(name)}" for name in ("torch", "funasr", "gradio", "av"))
    say(f"Python {platform.python_version()} · {packages}")
    note = ""
    if settings.device == "auto" and device == "cpu":
        note = " (no CUDA device found / 没有找到 CUDA 设备，使用 CPU)"
    say(f"device / 设备: {_device_name(device)}{note}")
    return device


def load(settings: ModelSettings) -> FunasrRecognizer:
    """Load the models, saying where they come from and how long it took."""
    if settings.demo:
        say(
            "model / 模型: bundled demonstration model, knows only its own sentences / "
            "自带演示模型，只认识少数例句"
        )
    started_s = time.perf_counter()
    recognizer = load_recognizer(settings, announce=lambda line: say(f"model / 模型: {line}"))
    say(f"models ready in / 模型载入用时 {time.perf_counter() - started_s:.1f} s")
    return recognizer


def announce_address(host: str, port: int, root_path: str, door: Door) -> None:
    """Print the address, the tunnel command to paste on one's own computer, and who else may come in."""
    shown = "127.0.0.1" if host in ANY_ADDRESS else host
    say(f"\nopen / 打开: http://{shown}:{port}{root_path}\n")
    user, machine = _user(), socket.gethostname()
    tunnel = f"{port}:127.0.0.1:{port} -p <ssh port> {user}@{machine}"
    say("from your own computer, through SSH / 在自己的电脑上通过 SSH 隧道访问：")
    say(f"  ssh -L {tunnel}")
    say(f"  ssh -Nf -L {tunnel}   # in the background / 后台运行\n")
    if door.open_to_all:
        say(
            "warning / 警告: --open lets in whoever reaches this machine. Leave it out, or set --auth "
            "user:password. / --open 允许任何能访问本机的人使用，请去掉它，或设置 --auth。\n"
        )
    elif host in ANY_ADDRESS and not door.login:
        say("without a tunnel, with this link only, or --auth user:password / 不用隧道时，只能用此链接：")
        say(f"  http://{machine}:{port}{root_path}/?token={door.token}\n")
    say("Ctrl-C ends the program / 按 Ctrl-C 结束")


def fail(error: Exception) -> int:
    """Print an error in both languages and return its exit code."""
    print(f"\n{error}", file=sys.stderr, flush=True)
    return int(getattr(error, "exit_code", 1))


def _device_name(device: str) -> str:
    if device == "cpu":
        return f"cpu ({os.cpu_count()} cores)"
    import torch

    return f"{device} ({torch.cuda.get_device_name(device)})"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under an id that has no name
        return "user"
