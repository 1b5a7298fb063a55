"""Makes the minutes of a job in the background, one part after the other, and keeps them in its folder."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import threading
import time
from collections.abc import Coroutine
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from sensevoice.errors import BadRequest, MinutesFailed, SenseVoiceError, TooBusy, Unexpected
from sensevoice.jobs import Job, JobRunner
from sensevoice.jobs.files import UNREADABLE
from sensevoice.jobs.model import Failure
from sensevoice.minutes.answer import read_answer
from sensevoice.minutes.client import LanguageModel, ask, new_client
from sensevoice.minutes.markdown import minutes_markdown
from sensevoice.minutes.model import SECTIONS, KeptMinutes, Minutes, Statement
from sensevoice.minutes.prompt import CHUNK_CHARS, Chunk, chunks, merge_chunks, merge_question, question
from sensevoice.minutes.shape import kept_shape
from sensevoice.runtime.atomic import write_whole

log = logging.getLogger(__name__)

AT_ONCE = 2

MAX_WAITING = 20

MAX_CHUNKS = 80
"""Some twenty hours of speech."""

MERGE_ROUNDS = 3

LOCALES = ("zh", "en")


@dataclass
class _Run:
    """Minutes that are being made: parts that are done, of how many; or why there are none."""

    future: Future[None] | None = None
    done: int = 0
    parts: int = 1
    failure: Failure | None = None


@dataclass
class _Loop:
    """An event loop in a thread of its own."""

    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self.loop.run_forever, name="minutes", daemon=True)
        self.thread.start()

    def submit(self, work: Coroutine[Any, Any, None]) -> Future[None]:
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


class MinutesMaker:
    """The minutes of all jobs. Methods may be called from several threads."""

    def __init__(self, runner: JobRunner, model: LanguageModel, chunk_chars: int = CHUNK_CHARS) -> None:
        self._store = runner.store
        self._runner = runner
        self._model = model
        self._chunk_chars = chunk_chars
        self._lock = threading.Lock()
        self._runs: dict[str, _Run] = {}
        self._loop: _Loop | None = None
        self._places = asyncio.Semaphore(AT_ONCE)

    def start(self, job: Job, locale: str) -> None:
        """Begin to make the minutes of a finished job, unless they are being made.

        Raises BadRequest for a job that has not ended or has no rows, and TooBusy.
        """
        parts = self._parts(job, locale)
        version = self._store.corrections(job)
        with self._lock:
            if self._is_running(job.id):
                return
            waiting = sum(self._is_running(each) for each in self._runs)
            if waiting >= MAX_WAITING:
                raise TooBusy(waiting=waiting)
            self._loop = self._loop or _Loop()
            run = self._runs[job.id] = _Run(parts=len(parts))
            run.future = self._loop.submit(self._make(job, run, parts, locale, version))

    def cancel(self, job: Job) -> None:
        """End the making of minutes, its request included; what was kept before stays."""
        with self._lock:
            run = self._runs.pop(job.id, None)
        if run is not None and run.future is not None:
            run.future.cancel()

    def forget(self, job: Job) -> None:
        """End the making of minutes, and remove those that are kept."""
        self.cancel(job)
        self._path(job).unlink(missing_ok=True)

    def kept(self, job: Job) -> KeptMinutes | None:
        """Return the minutes that are kept with a job, None when there are none that can be read."""
        try:
            return KeptMinutes.from_dict(json.loads(self._path(job).read_text("utf-8")))
        except (OSError, *UNREADABLE):
            return None

    def shape(self, job: Job) -> dict[str, Any]:
        """Return the minutes of a job and how far they are; times in seconds.

        `status` is none, in_progress, failed or completed. `outdated` says that rows were corrected since.
        """
        run = self._runs.get(job.id)
        running = self._is_running(job.id)  # asked first: what ends after this has been kept before it ends
        kept = self.kept(job)
        status = "completed" if kept else "none"
        if running:
            status = "in_progress"
        elif run is not None and run.failure is not None:
            status = "failed"
        failure = run.failure if run else None
        return {
            "object": "job.minutes",
            "job": job.id,
            "status": status,
            "progress": run.done / run.parts if run and status == "in_progress" else None,
            "error": {"code": failure.code, "zh": failure.zh, "en": failure.en} if failure else None,
            "minutes": kept_shape(kept, self._store.corrections(job)) if kept else None,
        }

    def in_markdown(self, job: Job, table: str, locale: str) -> str:
        """Return a record in Markdown with the minutes of its job before it, if there are any."""
        kept = self.kept(job)
        return f"{minutes_markdown(kept, locale)}{table}" if kept else table

    def close(self) -> None:
        """End what is under way."""
        with self._lock:
            futures = [run.future for run in self._runs.values() if run.future is not None]
            loop, self._loop = self._loop, None
        for future in futures:
            future.cancel()
        if loop is not None:
            _settle(loop)
            loop.close()

    def _path(self, job: Job) -> Path:
        return self._store.folder(job.id).minutes

    def _is_running(self, job_id: str) -> bool:
        run = self._runs.get(job_id)
        return run is not None and run.future is not None and not run.future.done()

    def _parts(self, job: Job, locale: str) -> list[Chunk]:
        if locale not in LOCALES:
            raise BadRequest(reason=f"language={locale[:50]}")
        if not job.finished:
            raise BadRequest(reason="the job is not finished / 任务还没有完成")
        parts = chunks(self._store.result(job).transcript, locale, self._chunk_chars)
        if not parts:
            raise BadRequest(reason="nothing was said / 没有可以整理的内容")
        if len(parts) > MAX_CHUNKS:
            raise BadRequest(reason=f"too long / 录音过长: {len(parts)} > {MAX_CHUNKS}")
        return parts

    async def _make(self, job: Job, run: _Run, parts: list[Chunk], locale: str, version: int) -> None:
        try:
            async with self._places, new_client() as client:
                minutes = await self._asked(client, job, run, parts, locale)
                kept = KeptMinutes(minutes, self._model.model, time.time(), locale, version)
                text = json.dumps(kept.as_dict(), ensure_ascii=False)
                await asyncio.to_thread(write_whole, self._path(job), text)
            self._ended(job, run)
        except SenseVoiceError as error:
            log.info("job %s: %s", job.id, error.code)
            run.failure = Failure.of(error)
        except FileNotFoundError:
            log.info("job %s was deleted before its minutes were made", job.id)
        except Exception:  # a full disk, say
            reference = secrets.token_hex(4)
            log.exception("job %s: unexpected error, reference %s", job.id, reference)
            run.failure = Failure.of(Unexpected(reference=reference))

    def _ended(self, job: Job, run: _Run) -> None:
        with self._lock:
            if self._runs.get(job.id) is run:
                del self._runs[job.id]

    async def _asked(
        self, client: httpx.AsyncClient, job: Job, run: _Run, parts: list[Chunk], locale: str
    ) -> Minutes:
        found: list[Minutes] = []
        for number, part in enumerate(parts, 1):
            self._path(job).parent.stat()  # nobody waits for the minutes of a job that was deleted
            said = await ask(client, self._model, question(part, number, len(parts), locale))
            found.append(read_answer(said, part.known))
            run.done = number
        whole = _together(found)
        if len(parts) == 1:
            return whole
        return replace(whole, summary=await self._merged(client, whole.summary, locale))

    async def _merged(
        self, client: httpx.AsyncClient, summary: tuple[Statement, ...], locale: str
    ) -> tuple[Statement, ...]:
        """Return fewer points for many, or the same ones when the model gives no better."""
        for _ in range(MERGE_ROUNDS):
            shown = merge_chunks(summary, self._chunk_chars)
            fewer: list[Statement] = []
            try:
                for part in shown:
                    said = await ask(client, self._model, merge_question(part, locale))
                    fewer += read_answer(said, part.known).summary
            except MinutesFailed:
                return summary
            if not fewer or len(fewer) >= len(summary):
                return summary
            summary = tuple(fewer)
            if len(shown) == 1:
                break
        return summary


def _together(found: list[Minutes]) -> Minutes:
    """Return the minutes of all parts as one, the same statement once."""
    sections = {
        name: tuple({each.text: each for part in found for each in part.section(name)}.values())
        for name in SECTIONS
    }
    return Minutes(**sections, dropped=sum(part.dropped for part in found))


def _settle(loop: _Loop) -> None:
    """Let what was cancelled come to its end, so that no connection stays open."""

    async def settled() -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        if others:
            await asyncio.wait(others, timeout=5.0)

    try:
        loop.submit(settled()).result(10.0)
    except (CancelledError, TimeoutError):
        log.warning("minutes did not end in time")
