"""Fork server: a process that has loaded the decoders, from which a worker is forked for each file.

Starting Python and loading PyAV takes 0.2 s, more than recognising a short file; a fork takes 5 ms. The
server opens no media file, has one thread, nothing but the search path in its environment, and ends with its
parent.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]

START = (
    f"import sys; sys.path.insert(0, {str(ROOT)!r}); "
    "from sensevoice.audio.worker import fork_server; fork_server.serve()"
)

MAX_REQUEST_BYTES = 1 << 16
"""A request is a path and two numbers, as JSON."""


class ForkServer:
    """The parent's side of the server. Methods may be called from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        atexit.register(self.close)

    def start(self) -> None:
        """Start the server without waiting for it, which takes half a second; `fork` starts it otherwise."""
        with suppress(OSError), self._lock:  # said by `fork`, where it matters
            self._running()

    def fork(self, request: dict[str, Any]) -> int:
        """Fork a worker for a request; return the file descriptor of the parent's end of its socket.

        Starts the server at the first call, and again when it has been killed.
        """
        ours, theirs = socket.socketpair()
        message = json.dumps(request).encode()
        try:
            with self._lock:
                try:
                    socket.send_fds(self._running(), [message], [theirs.fileno()])
                except OSError:
                    self._stop()
                    socket.send_fds(self._running(), [message], [theirs.fileno()])
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        return ours.detach()

    def close(self) -> None:
        with self._lock:
            self._stop()

    def _running(self) -> socket.socket:
        if self._control is None or self._process is None or self._process.poll() is not None:
            self._stop()
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._process = subprocess.Popen(
                    # Isolated from the current directory and the user's settings.
                    [sys.executable, "-I", "-c", START],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    # Only the forking thread exists in a child; the path is where the system's ffmpeg is.
                    env={"OPENBLAS_NUM_THREADS": "1", "PATH": os.environ.get("PATH", os.defpath)},
                    cwd="/",
                    start_new_session=True,  # Ctrl-C is handled by the program
                )
        return self._control

    def _stop(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._control = self._process = None


def serve() -> None:
    """Fork a worker for each request on standard input, a socket, until its other end is closed."""
    from sensevoice.audio.worker import worker

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps the children
    control = socket.socket(fileno=0)
    while True:
        message, files, _, _ = socket.recv_fds(control, MAX_REQUEST_BYTES, 1)
        if not message:
            return
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            worker.main(files[0], **json.loads(message))
        os.close(files[0])
