"""A stand-in for ModelScope and Hugging Face on loopback, as far as their clients ask when they download."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE_BYTES = 10_000
"""From here on a file counts as one of Hugging Face's large ones, which are named by their SHA-256."""


@dataclass
class HubServer:
    """What is published and what is delivered: the same, unless a test replaces a file's bytes on the way."""

    files: dict[str, bytes]
    delivered: dict[str, bytes] = field(default_factory=dict)
    address: str = ""
    requests: list[str] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        """Return what sends both clients here, and keeps them from asking for long."""
        return {
            "HF_ENDPOINT": self.address,
            "MODELSCOPE_ENDPOINT": self.address,
            "HF_HUB_DISABLE_XET": "1",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }

    def deliveries(self, name: str) -> int:
        """Return how often the bytes of a file were asked for."""
        wanted = (f"GET {name} ", f"/{name} ")
        return sum(line.startswith("GET") and (line + " ").endswith(wanted) for line in self.requests)

    def hugging_face_oid(self, name: str) -> str:
        content = self.files[name]
        if len(content) >= LARGE_BYTES:
            return hashlib.sha256(content).hexdigest()
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@contextmanager
def serve(files: dict[str, bytes]) -> Iterator[HubServer]:
    """Publish files under every repository name of both hubs for the length of a test."""
    hub = HubServer(files)

    class Handler(_Handler):
        server_hub = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_hub: HubServer

    def log_message(self, *_: object) -> None: ...

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        path = unquote(url.path)
        self.server_hub.requests.append(f"{self.command} {query.get('FilePath', path)}")
        if path.startswith("/api/v1/models/"):
            self._model_scope(path, query)
        elif path.startswith("/api/models/"):
            self._hugging_face_api(path)
        elif "/resolve/" in path:
            name = path.partition("/resolve/")[2].partition("/")[2]
            self._file(name, self._hugging_face_headers(name) if name in self.server_hub.files else {})
        else:
            self._send(404, b"{}")

    def _model_scope(self, path: str, query: dict[str, str]) -> None:
        hub = self.server_hub
        if path.endswith("/repo/files"):
            listed = [
                {
                    "Path": name,
                    "Name": name,
                    "Size": len(content),
                    "Sha256": hashlib.sha256(content).hexdigest(),
                    "Type": "blob",
                }
                for name, content in hub.files.items()
            ]
            self._json({"Code": 200, "Success": True, "Data": {"Files": listed}})
        elif path.endswith("/repo"):
            self._file(query.get("FilePath", ""), {})
        elif path.endswith("/revisions"):
            branches = [{"Revision": "master", "CreatedAt": 1}]
            self._json({"Code": 200, "Success": True, "Data": {"RevisionMap": {"Branches": branches}}})
        else:
            self._json({"Code": 200, "Success": True, "Data": {}})

    def _hugging_face_api(self, path: str) -> None:
        hub = self.server_hub
        if "/tree/" not in path:
            siblings = [{"rfilename": name} for name in hub.files]
            return self._json(
                {"id": "org/model", "modelId": "org/model", "sha": COMMIT, "siblings": siblings}
            )
        entries: list[dict[str, Any]] = []
        for name, content in hub.files.items():
            entry = {"type": "file", "path": name, "size": len(content), "oid": "1" * 40}
            if len(content) >= LARGE_BYTES:
                entry["lfs"] = {
                    "oid": hub.hugging_face_oid(name), "size": len(content), "pointerSize": 134,
                }  # fmt: skip
            else:
                entry["oid"] = hub.hugging_face_oid(name)
            entries.append(entry)
        self._json(entries)

    def _hugging_face_headers(self, name: str) -> dict[str, str]:
        oid = self.server_hub.hugging_face_oid(name)
        return {"X-Repo-Commit": COMMIT, "ETag": f'"{oid}"', "Accept-Ranges": "bytes"}

    def _file(self, name: str, headers: dict[str, str]) -> None:
        hub = self.server_hub
        if name not in hub.files:
            return self._send(404, b"{}")
        self._send(200, hub.delivered.get(name, hub.files[name]), headers)

    def _json(self, value: object) -> None:
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
