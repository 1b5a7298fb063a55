"""Sends messages in a thread of its own, again after growing pauses; no job ever waits for one."""

from __future__ import annotations

import asyncio
import logging
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sensevoice.errors import BadRequest, DiskLow, JobNotFound
from sensevoice.jobs import Job, JobRunner
from sensevoice.jobs.files import JobFolder
from sensevoice.webhooks import messages
from sensevoice.webhooks.delivery import Outcome, new_client, post
from sensevoice.webhooks.messages import Message
from sensevoice.webhooks.signing import key_of
from sensevoice.webhooks.targets import Targets

log = logging.getLogger(__name__)

PAUSES_S = (5.0, 60.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0)
"""Between tries, as the specification advises: eight tries in 18 hours; jobs are kept for three days."""

LOOK_S = 0.25
"""How often it is looked whether a job has ended that somebody is to be told of."""

AT_ONCE = 16

MAX_OF_A_JOB = 100

KIND = re.compile(r"[a-z0-9_.]{1,64}")

ENDS = {"done": "job.completed", "failed": "job.failed", "cancelled": "job.cancelled"}


class WebhookSender:
    """The messages of all jobs. Methods may be called from several threads.

    `describe` returns what a message tells of a job. Raises OptionError for a secret that is none.
    """

    def __init__(
        self,
        runner: JobRunner,
        targets: Targets,
        secret: str,
        describe: Callable[[Job], dict[str, Any]],
        pauses_s: Sequence[float] = PAUSES_S,
    ) -> None:
        self._runner = runner
        self._targets = targets
        self._key = key_of(secret)
        self._describe = describe
        self._pauses_s = pauses_s
        self._changed = threading.Condition()
        self._closed = False
        left = messages.unsettled(runner.store.directory / "jobs")
        self._unsettled = {message.id: message for message in left}
        self._thread = threading.Thread(target=self._work, name="webhooks", daemon=True)
        self._thread.start()

    def check(self, url: str) -> None:
        """Raise OptionError for an address that messages may not be sent to."""
        self._targets.check(url)

    def tell_of_end(self, job: Job, url: str) -> None:
        """Send a message when a job has ended, however it does. Raises OptionError, DiskLow, BadRequest."""
        self._take(Message(job.id, job.owner, url))

    def send(self, job: Job, url: str, kind: str, data: Mapping[str, Any]) -> None:
        """Send a message of another type about a job, such as "rule.matched", with `data` as JSON.

        It is sent to hosts of --webhook-host alone, signed, tried again like every other, and goes when its
        job does. Raises OptionError for the address, BadRequest, DiskLow, JobNotFound when the job is gone.
        """
        if not KIND.fullmatch(kind):
            raise BadRequest(reason=f"type={kind[:100]}")
        body = messages.body_of(kind, dict(data), time.time())
        self._take(Message(job.id, job.owner, url, type=kind, body=body, status="pending"))

    def of(self, job: Job) -> list[dict[str, Any]]:
        """Return what became of the messages about a job."""
        return [message.shape() for message in messages.read(self._folder(job.id))]

    def close(self, timeout_s: float = 5.0) -> None:
        """Send no more; what has not arrived is sent after the next start."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(timeout_s)

    def _folder(self, job_id: str) -> JobFolder:
        return self._runner.store.folder(job_id)

    def _take(self, message: Message) -> None:
        self._targets.check(message.url)
        folder = self._folder(message.job)
        if len(messages.read(folder)) >= MAX_OF_A_JOB:
            raise BadRequest(reason=f"more than {MAX_OF_A_JOB} webhooks / 超过 {MAX_OF_A_JOB} 个 webhook")
        try:
            messages.write(folder, message)
        except FileNotFoundError as exc:
            raise JobNotFound(job=message.job) from exc
        except OSError as exc:
            raise DiskLow(reason=exc.strerror or str(exc)) from exc
        with self._changed:
            self._unsettled[message.id] = message
            self._changed.notify_all()

    def _work(self) -> None:
        while True:
            try:
                self._look_for_ends()
                due = self._due()
                if due:
                    asyncio.run(self._deliver(due))
            except Exception:  # whatever it is: one round
                log.exception("webhooks were not sent")
            with self._changed:
                if not self._closed and not self._due():
                    self._changed.wait(self._pause_s())
                if self._closed:
                    return

    def _all(self, status: str) -> list[Message]:
        with self._changed:
            return [message for message in self._unsettled.values() if message.status == status]

    def _due(self) -> list[Message]:
        now_s = time.time()
        return [each for each in self._all("pending") if each.next_s <= now_s][:AT_ONCE]

    def _pause_s(self) -> float | None:
        """Return for how long there is nothing to do, None for as long as nothing changes."""
        if self._all("waiting"):
            return LOOK_S
        until_s = min((each.next_s for each in self._all("pending")), default=None)
        return None if until_s is None else min(60.0, max(0.05, until_s - time.time()))

    def _look_for_ends(self) -> None:
        for message in self._all("waiting"):
            try:
                job = self._runner.store.job(message.job, message.owner)
            except JobNotFound:
                self._forget(message)
                continue
            if job.finished and self._runner.live(job.id) is None:
                kind = ENDS[job.state]
                body = messages.body_of(kind, self._describe(job), time.time())
                self._keep(replace(message, type=kind, body=body, status="pending"))

    async def _deliver(self, due: Sequence[Message]) -> None:
        async with new_client() as client:
            outcomes = await asyncio.gather(
                *(post(client, message, self._targets, self._key) for message in due)
            )
        for message, outcome in zip(due, outcomes, strict=True):
            self._keep(self._after(message, outcome))

    def _after(self, message: Message, outcome: Outcome) -> Message:
        """Return a message after a try."""
        now_s, attempts = time.time(), message.attempts + 1
        if not outcome.error:
            return replace(message, status="delivered", attempts=attempts, ended_s=now_s, error="")
        log.warning("job %s: webhook, try %d: %s", message.job, attempts, outcome.error.partition(":")[0])
        told = replace(message, attempts=attempts, error=outcome.error)
        if outcome.is_final or attempts > len(self._pauses_s):
            return replace(told, status="failed", ended_s=now_s)
        return replace(told, next_s=now_s + self._pauses_s[attempts - 1])

    def _keep(self, message: Message) -> None:
        """Take over what became of a message; what the disk refuses is sent again after a restart."""
        with self._changed:
            self._unsettled[message.id] = message
        try:
            messages.write(self._folder(message.job), message)
        except FileNotFoundError:  # its job was deleted
            self._forget(message)
        except OSError as exc:
            log.warning("job %s: its webhook is not written: %s", message.job, exc.strerror or exc)
        if message.is_settled:
            self._forget(message)

    def _forget(self, message: Message) -> None:
        with self._changed:
            self._unsettled.pop(message.id, None)
