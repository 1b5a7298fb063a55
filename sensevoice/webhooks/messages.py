"""Messages in the folders of their jobs, so that they outlive the process and go with the job."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from sensevoice.jobs.files import UNREADABLE, JobFolder
from sensevoice.runtime.atomic import write_whole

Status = Literal["waiting", "pending", "delivered", "failed"]
"""Waiting for the end of its job; to be sent; arrived; given up."""


@dataclass(frozen=True)
class Message:
    """A message to `url` about a job. Times are seconds since 1970.

    `type` and `body` are empty as long as it waits for the end of its job. `error` is why the last try
    failed, `next_s` when the next one is, `ended_s` when it arrived or was given up.
    """

    job: str
    owner: str
    url: str
    id: str = field(default_factory=lambda: f"msg_{secrets.token_urlsafe(18)}")
    created_s: float = field(default_factory=time.time)
    type: str = ""
    body: str = ""
    status: Status = "waiting"
    attempts: int = 0
    next_s: float = 0.0
    ended_s: float | None = None
    error: str = ""

    @property
    def is_settled(self) -> bool:
        return self.status in ("delivered", "failed")

    def shape(self) -> dict[str, Any]:
        """Return what whoever asked for the message is told of it."""
        retried = self.status == "pending" and self.attempts > 0
        return {
            "id": self.id,
            "object": "webhook",
            "url": self.url,
            "type": self.type or None,
            "status": self.status,
            "attempts": self.attempts,
            "next_attempt_at": int(self.next_s) if retried else None,
            "ended_at": None if self.ended_s is None else int(self.ended_s),
            "error": self.error or None,
        }


def body_of(kind: str, data: dict[str, Any], now_s: float) -> str:
    """Return the body of a message, in the form that the specification recommends."""
    timestamp = datetime.fromtimestamp(now_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"type": kind, "timestamp": timestamp, "data": data}, ensure_ascii=False)


def write(folder: JobFolder, message: Message) -> None:
    """Keep a message in its job's folder. Raises OSError, FileNotFoundError when the job is gone."""
    folder.webhooks.mkdir(mode=0o700, exist_ok=True)
    write_whole(_path(folder, message), json.dumps(asdict(message), ensure_ascii=False))


def read(folder: JobFolder) -> list[Message]:
    """Return the messages of a job, the oldest first; what cannot be read is passed over."""
    try:
        found = [_read(path) for path in folder.webhooks.glob("*.json")]
    except OSError:
        return []
    return sorted((each for each in found if each is not None), key=lambda each: each.created_s)


def unsettled(jobs_directory: Path) -> Iterator[Message]:
    """Yield the messages of all jobs that a stopped process left."""
    for path in jobs_directory.glob("*/webhooks/*.json"):
        message = _read(path)
        if message is not None and not message.is_settled and message.job == path.parts[-3]:
            yield message


def _path(folder: JobFolder, message: Message) -> Path:
    return folder.webhooks / f"{message.id}.json"


def _read(path: Path) -> Message | None:
    known = {item.name for item in fields(Message)}
    try:
        data = json.loads(path.read_text("utf-8"))
        return Message(**{name: value for name, value in data.items() if name in known})
    except (OSError, *UNREADABLE):
        return None
