#!/usr/bin/env python3
"""Print pip's settings as commands of a shell that hand them on to uv, which reads none of them.

Environment variables and all of pip's configuration files count, in pip's own order. A variable of uv's
own that the user has set already is left alone. --index-only leaves out what adds files to the index.
"""

from __future__ import annotations

import argparse
import ast
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping

SECTIONS = ("global", "install", ":env:")
"""What counts for `pip install`; a later one wins."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index-only", action="store_true")
    args = parser.parse_args()
    command = [sys.executable, "-m", "pip", "config", "list"]
    listing = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    pip = settings(listing)
    for name, value in uv_variables(pip, os.environ, args.index_only).items():
        print(f"export {name}={shlex.quote(value)}")
    if pip.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        print('set -- "$@" --no-index')  # uv has no variable for it
    return 0


def settings(listing: str) -> dict[str, str]:
    """Return the settings that count from what `pip config list` prints: lines of section.name='value'."""
    result: dict[str, dict[str, str]] = {section: {} for section in SECTIONS}
    for line in listing.splitlines():
        key, equals, value = line.partition("=")
        section, _, name = key.rpartition(".")
        if (
            equals and section in result and (text := str(ast.literal_eval(value)))
        ):  # pip, too, passes over ''
            result[section][name.removeprefix("default-")] = text
    return {name: value for section in SECTIONS for name, value in result[section].items()}


def uv_variables(
    pip: Mapping[str, str], environment: Mapping[str, str], index_only: bool = False
) -> dict[str, str]:
    """Return the variables that make uv look where pip would."""
    wanted = {
        "UV_DEFAULT_INDEX": pip.get("index-url", "").strip(),
        "UV_INSECURE_HOST": " ".join(pip.get("trusted-host", "").split()),
        "UV_HTTP_TIMEOUT": pip.get("timeout", ""),
        "UV_HTTP_RETRIES": pip.get("retries", ""),
        "SSL_CERT_FILE": pip.get("cert", ""),
        "SSL_CLIENT_CERT": pip.get("client-cert", ""),
        "HTTPS_PROXY": pip.get("proxy", ""),
        "HTTP_PROXY": pip.get("proxy", ""),
    }
    if not index_only:
        wanted |= {
            "UV_INDEX": " ".join(pip.get("extra-index-url", "").split()),
            "UV_FIND_LINKS": ",".join(pip.get("find-links", "").split()),
        }
    if wanted.get("UV_INDEX"):
        # As pip does: all indexes are equal. By itself uv would stop at the first that knows a package, which
        # may lack the version of the lock. What is installed is one of the recorded files all the same.
        wanted["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return {name: value for name, value in wanted.items() if value and not _is_set(name, environment)}


def _is_set(name: str, environment: Mapping[str, str]) -> bool:
    older = {"UV_DEFAULT_INDEX": "UV_INDEX_URL", "UV_INDEX": "UV_EXTRA_INDEX_URL"}
    return bool(environment.get(name) or environment.get(older.get(name, name)))


if __name__ == "__main__":
    sys.exit(main())
