"""Sends every route everything that names an address, in a network where that address is listened on.

Run by `unshare -rn`. Prints how many requests were sent and how many connections came.
"""

from __future__ import annotations

import functools
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

from sensevoice.access.routes import ALLOWED
from tests.browser.program import Program
from tests.security.conftest import ask
from tests.security.test_h8_fetching import NAMED, bodies

ADDRESS = "93.184.215.14"
PORTS = (80, 443, 21)
AT_ONCE = 24
OURS = {
    **dict.fromkeys(("/sv/jobs", "/sv/jobs/{job}/audio", "/sv/jobs/{job}/export", "/sv/search"), ("GET",)),
    **dict.fromkeys(("/sv/several/zip", "/captions", "/v1/models/{model}"), ("GET",)),
    **dict.fromkeys(
        ("/sv/jobs/{job}/again", "/sv/jobs/{job}/transcribe", "/sv/cuts", "/sv/rules"), ("POST",)
    ),
    **dict.fromkeys(
        ("/v1/audio/transcriptions", "/v1/jobs", "/v1/search/rules", "/sv/jobs/{job}/minutes"), ("POST",)
    ),
}
"""Of our own routes those that take a file, a path, or a body of any size. A webhook is not in these bodies:
it is an address that the program is to send to."""


def main(folder: Path) -> int:
    for command in (f"ip addr add {ADDRESS}/32 dev lo", "ip link set lo up"):
        subprocess.run(command.split(), check=True)
    came: list[int] = []
    for port in PORTS:
        listener = socket.create_server((ADDRESS, port))
        threading.Thread(target=count, args=(listener, came), daemon=True).start()
    with socket.create_connection((ADDRESS, PORTS[0])):
        pass  # it can be reached
    program = Program(folder)
    try:
        program.wait()
        while not came:
            pass
        came.clear()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            sent = sum(pool.map(functools.partial(attack, program.port), (*ALLOWED, *OURS)))
        program.end()
    finally:
        program.kill()
    print(f"{sent} requests, {len(came)} connections")
    return len(came)


def count(listener: socket.socket, came: list[int]) -> None:
    while True:
        connection, _ = listener.accept()
        came.append(1)
        connection.close()


def attack(port: int, path: str) -> int:
    """Send a route every named address in its path, its query, its headers and its body."""
    sent, methods = 0, {**ALLOWED, **OURS}[path]
    for address in NAMED:
        named = quote(address, safe="")
        for filled in (
            path,
            path.partition("{")[0] + address.strip().replace("\\", "/"),
            filled_in(path, named),
        ):
            target = f"{filled}?session_hash=x&url={named}&path={named}&deep_link={named}".replace(" ", "%20")
            for body in [b"", *(body.encode() for body in bodies(address))] if "POST" in methods else [b""]:
                head = {"Content_Type": "application/json", "X_Gradio_Target": named}
                ask(port, target, methods[0], body, timeout_s=0.5, **head)
                sent += 1
            if "POST" in methods:
                kind = "multipart/form-data; boundary=x"
                ask(port, target, "POST", form(address), timeout_s=0.5, Content_Type=kind)
                sent += 1
    return sent


def form(address: str) -> bytes:
    """Return a form with an address as the name of a file, as its content, and in the place of one."""
    parts = (
        f'name="file"; filename="{address.strip()}"\r\n\r\n#EXTM3U\n{address}',
        f'name="file"\r\n\r\n{address}',
        f'name="model"\r\n\r\n{address}',
        f'name="path"\r\n\r\n{address}',
    )
    lines = [f"--x\r\nContent-Disposition: form-data; {part}\r\n" for part in parts]
    return "".join([*lines, "--x--\r\n"]).encode()


def filled_in(path: str, value: str) -> str:
    parts = [value if part.startswith("{") else part for part in path.split("/")]
    return "/".join(parts).replace("{path_or_url:path}", value).replace("{path:path}", value)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
