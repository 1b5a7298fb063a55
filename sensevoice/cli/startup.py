"""What the app prints and checks while it starts."""

from __future__ import annotations

import contextlib
import errno
import getpass
import os
import platform
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from sensevoice import __version__
from sensevoice.access import AccessPolicy
from sensevoice.audio.decoding.container import check_version
from sensevoice.errors import OptionError, PortTaken, StartupError
from sensevoice.models.cards import Cards, load_cards
from sensevoice.models.device import resolve_devices
from sensevoice.models.loader import ModelSettings
from sensevoice.progress import LoadStep

if TYPE_CHECKING:
    from sensevoice.fleet.ray_fleet import Fleet

ANY_ADDRESS = ("0.0.0.0", "::", "")

Say = Callable[[str], None]


def echo(line: str) -> None:
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


def close_to_others(directory: Path) -> None:
    """Restrict a directory for jobs to this user; one of somebody else, or with other files, is left."""
    with contextlib.suppress(OSError):  # whether it can be used at all is seen later
        known = ("jobs", "jobs.sqlite3")  # the latter of version 0.1
        is_for_jobs = any((directory / name).exists() for name in known) or not any(directory.iterdir())
        if is_for_jobs and directory.stat().st_uid == os.getuid():
            directory.chmod(0o700)


def announce_versions() -> None:
    """Print the versions of what matters. Raises a StartupError for a decoder that is too old."""
    check_version()
    echo(f"SenseVoice {__version__} · loading libraries / 正在载入依赖库 …")
    packages = " · ".join(f"{name} {version(name)}" for name in ("torch", "funasr", "gradio", "av"))
    echo(f"Python {platform.python_version()} · {packages}")


def load(
    settings: ModelSettings,
    on_step: Callable[[LoadStep], None] = lambda step: None,
    on_device_fault: Callable[[str], None] = lambda reason: None,
) -> Cards:
    """Load the models, saying on which devices, where they come from and how long it took.

    Raises DeviceUnavailable, and what `load_recognizer` does.
    """
    started_s = time.perf_counter()
    settings = replace(settings, device=",".join(_announced_devices(settings.device)))
    if settings.demo:
        echo(
            "model / 模型: bundled demonstration model, knows only its own sentences / "
            "自带演示模型，只认识少数例句"
        )
    cards = load_cards(
        settings,
        lambda line: echo(f"model / 模型: {line}"),
        on_step=on_step,
        on_device_fault=on_device_fault,
    )
    echo(f"models ready in / 模型载入用时 {time.perf_counter() - started_s:.1f} s")
    return cards


def join_fleet(settings: ModelSettings, address: str, workers: int | None) -> Fleet:
    """Return a fleet whose workers have loaded the models, saying how many there are.

    Raises OptionError and FleetUnavailable.
    """
    from sensevoice.fleet.ray_fleet import Fleet

    if workers is not None and workers < 1:
        raise OptionError(option="ray-workers", value=workers, allowed="≥ 1")
    started_s = time.perf_counter()
    fleet = Fleet(settings, address, workers)
    took_s = time.perf_counter() - started_s
    echo(f"fleet / 集群: {len(fleet)} worker(s) on {fleet.info.device}, ready in / 就绪用时 {took_s:.1f} s")
    return fleet


def _announced_devices(asked: str) -> tuple[str, ...]:
    """Print which devices are meant, and return them: asked again, another card might have more memory."""
    devices = resolve_devices(asked)
    note = ""
    if asked == "auto" and devices == ("cpu",):
        note = " (no CUDA device found / 没有找到 CUDA 设备，使用 CPU)"
    echo(f"device / 设备: {', '.join(map(_device_name, devices))}{note}")
    return devices


def announce_address(host: str, port: int, root_path: str, policy: AccessPolicy) -> None:
    """Print the address, the tunnel command to paste on one's own computer, and who else may come in."""
    echo(f"\nopen / 打开: {_address(host, port, root_path)}")
    echo("the page is up; the models are being loaded / 页面已可打开，模型载入中\n")
    user, machine = _user(), socket.gethostname()
    tunnel = f"{port}:127.0.0.1:{port} -p <ssh port> {user}@{machine}"
    echo("from your own computer, through SSH / 在自己的电脑上通过 SSH 隧道访问：")
    echo(f"  ssh -L {tunnel}")
    echo(f"  ssh -Nf -L {tunnel}   # in the background / 后台运行\n")
    if policy.open_to_all:
        echo(
            "warning / 警告: --open lets in whoever reaches this machine. Leave it out, or set --auth "
            "user:password. / --open 允许任何能访问本机的人使用，请去掉它，或设置 --auth。\n"
        )
    elif policy.proxied and not policy.login:
        echo("behind a proxy, with this link only, or --auth user:password / 有反向代理时，都要用此链接：")
        echo(f"  http://127.0.0.1:{port}{root_path}/?token={policy.token}\n")
    elif host in ANY_ADDRESS and not policy.login:
        echo("without a tunnel, with this link only, or --auth user:password / 不用隧道时，只能用此链接：")
        echo(f"  http://{machine}:{port}{root_path}/?token={policy.token}\n")
    echo("Ctrl-C ends the program / 按 Ctrl-C 结束")


def announce_ready(host: str, port: int, root_path: str) -> None:
    """Print the last line of a start: the models are there."""
    echo(f"ready / 就绪: {_address(host, port, root_path)}")


def fail(error: Exception) -> int:
    """Print an error in both languages and return its exit code."""
    print(f"\n{error}", file=sys.stderr, flush=True)
    return int(getattr(error, "exit_code", 1))


def _address(host: str, port: int, root_path: str) -> str:
    shown = "127.0.0.1" if host in ANY_ADDRESS else host
    return f"http://{shown}:{port}{root_path}"


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
