"""What happens on a click, without gradio: handlers take values and give screens."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sensevoice.errors import JobNotFound, OptionError, SenseVoiceError
from sensevoice.formats import render_view
from sensevoice.jobs import Job, JobRunner, Live, Result
from sensevoice.options import Options
from sensevoice.ui import markup
from sensevoice.ui.desk import Desk
from sensevoice.ui.downloads import download_links
from sensevoice.ui.pace import Clock, Pace
from sensevoice.ui.settings import PageSettings
from sensevoice.ui.status import waiting_line
from sensevoice.ui.text import Reader, say

log = logging.getLogger(__name__)

WAIT_S = 0.5
"""How often the page of a waiting job looks how many are still ahead."""


@dataclass(frozen=True)
class Screen:
    """What the page is to show; None leaves a part as it is. `notice`, `summary` and `advice` are HTML.

    `job_id` is the job that the page shows from now on; `links` are the addresses of DOWNLOADS.
    """

    running: bool = False
    notice: str = ""
    text: str | None = None
    summary: str | None = None
    advice: str | None = None
    links: tuple[str, ...] | None = None
    job_id: str | None = None


class Handlers:
    """The handlers of one app."""

    def __init__(self, runner: JobRunner, settings: PageSettings, clock: Clock = time.monotonic) -> None:
        self._runner = runner
        self._settings = settings
        self._clock = clock

    def run(
        self,
        desk: Desk,
        paths: Sequence[Path],
        form: Mapping[str, Any],
        reader: Reader,
        owner: str = "",
        address: str = "",
    ) -> Iterator[Screen]:
        """Make a job of each recording and show the first; nothing when the page follows one already."""
        if not desk.sit_down():
            return
        try:
            if not paths:
                wanted = "no_recording" if desk.source == "microphone" else "no_file"
                yield Screen(notice=markup.message(say(wanted, reader), "error"))
                return
            options = options_from(form, self._settings.options, reader)
            jobs = [self._runner.submit(path, options, owner, address) for path in paths]
            yield from self._follow(desk, jobs[0], reader)
        except Exception as exc:  # whatever it is, the visitor gets a sentence and the start button back
            yield Screen(notice=problem(exc, reader))
        finally:
            desk.get_up()

    def open(self, desk: Desk, job_id: str, reader: Reader, owner: str = "") -> Iterator[Screen]:
        """Show a job again, after a reload or from the list, and follow it if it still runs."""
        if not desk.sit_down():
            return
        try:
            yield from self._follow(desk, self._runner.store.job(job_id, owner), reader)
        except Exception as exc:
            yield Screen(notice=problem(exc, reader))
        finally:
            desk.get_up()

    def cancel(self, desk: Desk, owner: str = "") -> None:
        """Stop the job that the page shows; what it has given is kept."""
        if desk.job_id is not None:
            try:
                self._runner.cancel(self._runner.store.job(desk.job_id, owner))
            except JobNotFound:
                log.info("a job to be cancelled was gone")

    def show(self, desk: Desk, view: str, labels: str, owner: str = "") -> Screen:
        """Show the job in another view, without running again."""
        desk.view, desk.labels = view, labels
        try:
            job = self._runner.store.job(desk.job_id or "", owner)
        except JobNotFound:
            return Screen()
        result = self._runner.result(job)
        if result is None:
            return Screen()
        return Screen(text=self._text(desk, result), links=None if desk.busy else self._links(desk, job))

    def _follow(self, desk: Desk, job: Job, reader: Reader) -> Iterator[Screen]:
        """Show a job as it goes on, to its end; leaving does not stop it."""
        desk.job_id = job.id
        pace = Pace(self._clock)
        first = self._beginning(reader)
        yield Screen(True, first, text="", summary="", advice="", links=(), job_id=job.id)
        seen = -1
        while live := self._runner.wait(job.id, seen, WAIT_S):
            seen = live.changes
            with pace.drawing():
                screen = self._under_way(desk, live, reader)
            yield screen
            self._runner.wait_for_end(job.id, pace.left_s)
        yield self._ended(desk, self._runner.store.job(job.id, job.owner), reader)

    def _under_way(self, desk: Desk, live: Live, reader: Reader) -> Screen:
        ahead = self._runner.ahead(live.job.id)
        if live.job.failure is not None:  # it waits for what its sentence says
            bar = markup.message(getattr(live.job.failure, reader), "error")
        elif ahead and not self._runner.held:
            bar = markup.progress_bar(say("waiting", reader, ahead=ahead), None)
        elif live.progress is None:
            bar = self._beginning(reader)
        else:
            line = markup.progress_line(live.progress, self._runner.left_s(live), reader)
            bar = markup.progress_bar(line, live.progress.fraction)
        result = self._runner.result(live.job)
        text = self._text(desk, result) if result else ""
        return Screen(running=True, notice=bar, text=text)

    def _beginning(self, reader: Reader) -> str:
        if self._runner.held:
            return markup.progress_bar(waiting_line(self._settings.model(), reader), None)
        return markup.progress_bar(say("starting", reader), None)

    def _ended(self, desk: Desk, job: Job, reader: Reader) -> Screen:
        notice = ""
        if job.failure:
            notice = markup.message(getattr(job.failure, reader), "error")
        elif job.state == "cancelled":
            notice = markup.message(say("cancelled", reader), "note")
        result = self._runner.result(job)
        if result is None:
            return Screen(notice=notice, text="")
        return Screen(
            notice=notice,
            text=self._text(desk, result),
            summary=markup.summary(result, job.elapsed_s, reader),
            advice=markup.advice(result.transcript.diagnostics, reader),
            links=self._links(desk, job),
        )

    def _text(self, desk: Desk, result: Result) -> str:
        return render_view(result.transcript, desk.view, desk.labels)

    def _links(self, desk: Desk, job: Job) -> tuple[str, ...]:
        return download_links(job.id, desk.view, desk.labels)


def options_from(form: Mapping[str, Any], defaults: Options, reader: Reader) -> Options:
    """Return the page's defaults with what the form says. Raises OptionError with the form's own label."""
    try:
        return replace(defaults, **form)
    except OptionError as exc:
        data = {**exc.data, "option": say(exc.data["option"], reader)}
        raise OptionError(**data) from exc


def problem(exc: Exception, reader: Reader) -> str:
    """Return the message for an exception: our own sentence, or a number that the log has too."""
    if isinstance(exc, SenseVoiceError):
        log.info("%s", exc.code)
        return markup.message(exc.message(reader), "error")
    return markup.message(say("unexpected", reader, reference=log_unexpected()), "error")


def log_unexpected() -> str:
    """Log the exception under way with its traceback and return the number by which it can be found."""
    reference = secrets.token_hex(4)
    log.exception("unexpected error, reference %s", reference)
    return reference
