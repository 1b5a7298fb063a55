"""Event handlers of the page, without gradio: they take values and return or yield screens."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sensevoice.analysis.certainty import without_unsure_tags
from sensevoice.errors import JobNotFound, OptionError, SenseVoiceError
from sensevoice.formats import render_view
from sensevoice.jobs import ActiveJob, Job, JobRunner, Result
from sensevoice.options import Options
from sensevoice.ui import markup, serialise
from sensevoice.ui.i18n import Locale, in_locale, translate
from sensevoice.ui.markup import TextMark
from sensevoice.ui.redraw import Clock, RedrawThrottle
from sensevoice.ui.session import PageSession
from sensevoice.ui.settings import PageSettings, options_with
from sensevoice.ui.status import waiting_line

log = logging.getLogger(__name__)

WAIT_S = 0.5
"""How often the page of a waiting job shows anew how many jobs are ahead of it."""


@dataclass(frozen=True)
class Screen:
    """What the page shows; None leaves a part as it is. `notice` and `summary` are HTML.

    `mark` says of what the text is; it comes with every text.
    """

    running: bool = False
    notice: str = ""
    text: str | None = None
    summary: str | None = None
    mark: TextMark | None = None


_ASKED = re.compile(r"([\w-]*) (\d{1,9}) (sure|all) \d+", re.ASCII)
"""A job or none, the version of its rows, which tags, and how often this page has asked."""


class Handlers:
    """The handlers of one app."""

    def __init__(self, runner: JobRunner, settings: PageSettings, clock: Clock = time.monotonic) -> None:
        self._runner = runner
        self._settings = settings
        self._clock = clock

    def run(
        self,
        session: PageSession,
        paths: Sequence[Path],
        form: Mapping[str, object],
        locale: Locale,
        owner: str = "",
        address: str = "",
    ) -> Iterator[Screen]:
        """Submit each recording as a job and follow the first; do nothing while the page follows another."""
        turn = session.try_begin()
        if turn is None:
            return
        try:
            if not paths:
                wanted = "no_recording" if session.source == "microphone" else "no_file"
                yield Screen(notice=markup.message(translate(wanted, locale), "error"))
                return
            options = options_from(form, self._settings.options, locale)
            if len(paths) > 1:  # hundreds take seconds
                yield Screen(True, self._beginning(locale))
            jobs, left_out = self._submit(paths, options, owner, address, locale)
            session.begun = jobs[0].id
            for screen in self._follow(session, turn, jobs[0], locale):
                yield replace(screen, notice=left_out + screen.notice)
        except Exception as exc:  # the visitor always gets a message, and the start button back
            yield Screen(notice=problem(exc, locale))
        finally:
            session.end(turn)

    def _submit(
        self, paths: Sequence[Path], options: Options, owner: str, address: str, locale: Locale
    ) -> tuple[list[Job], str]:
        """Return the jobs of all recordings that were taken in, and what to say of others, as HTML.

        Raises SenseVoiceError when none was.
        """
        jobs: list[Job] = []
        refused: list[SenseVoiceError] = []
        for path in paths:
            try:
                jobs.append(self._runner.submit(path, options, owner, address))
            except SenseVoiceError as exc:
                refused.append(exc)
        if not jobs:
            raise refused[0]
        if not refused:
            return jobs, ""
        reason = in_locale(refused[-1].message("zh"), refused[-1].message("en"), locale)
        return jobs, markup.message(translate("left_out", locale, count=len(refused), reason=reason), "error")

    def open(self, session: PageSession, job_id: str, locale: Locale, owner: str = "") -> Iterator[Screen]:
        """Show a job after a reload or from the list, in place of the one that is shown."""
        turn = session.take_over()
        try:
            yield from self._shown(session, turn, self._runner.store.job(job_id, owner), locale)
        except Exception as exc:
            yield Screen(notice=problem(exc, locale))
        finally:
            session.end(turn)

    def opened(self, session: PageSession, asked: str, locale: Locale, owner: str = "") -> Iterator[Screen]:
        """Show what the workbench shows: another job, none, or the same with other rows or tags.

        The answer's mark is what was asked for, whatever becomes of it: the workbench asks until it comes.
        `asked` is as `_ASKED` has it.
        """
        match = _ASKED.fullmatch(asked)
        if match is None:  # as the page begins
            return
        job_id, session.sure_only = match[1], match[3] == "sure"
        mark = TextMark(job_id, int(match[2]), session.sure_only, session.begun)
        if not job_id:
            session.job_id = None
            session.end(session.take_over())
            yield Screen(text="", summary="", mark=mark)
            return
        if session.busy and job_id == session.job_id and self._runner.live(job_id):
            return  # who follows it draws it so from now on
        turn = session.take_over()  # who has just followed it to its end may not know these rows
        try:
            yield from self._shown(session, turn, self._runner.store.job(job_id, owner), locale)
        except Exception as exc:
            yield Screen(notice=problem(exc, locale), text="", summary="", mark=mark)
        finally:
            session.end(turn)

    def cancel(self, session: PageSession, owner: str = "") -> None:
        """Cancel the job that the page shows; its results so far are kept."""
        if session.job_id is not None:
            try:
                self._runner.cancel(self._runner.store.job(session.job_id, owner))
            except JobNotFound:
                log.info("a job to be cancelled was gone")

    def show(self, session: PageSession, view: str, label_locale: str, owner: str = "") -> Screen:
        """Return the job in another view; nothing is recognised again."""
        session.view, session.label_locale = view, label_locale
        try:
            job = self._runner.store.job(session.job_id or "", owner)
        except JobNotFound:
            return Screen()
        result = self._runner.result(job)
        if result is None:
            return Screen()
        return Screen(text=self._text(session, result, session.sure_only))

    def _shown(self, session: PageSession, turn: int, job: Job, locale: Locale) -> Iterator[Screen]:
        if self._runner.live(job.id):
            yield from self._follow(session, turn, job, locale)
        else:
            session.job_id = job.id
            yield self._ended(session, self._runner.store.job(job.id, job.owner), locale)

    def _follow(self, session: PageSession, turn: int, job: Job, locale: Locale) -> Iterator[Screen]:
        """Yield screens of a job until it ends or another takes over; closing the generator stops no job."""
        session.job_id = job.id
        throttle = RedrawThrottle(self._clock)
        first = self._beginning(locale)
        yield Screen(True, first, text="", summary="", mark=self._mark(session, job))
        seen = -1
        while live := self._runner.wait(job.id, seen, WAIT_S):
            if not session.holds(turn):
                return
            seen = live.changes
            with throttle.drawing():
                screen = self._under_way(session, live, locale)
            yield screen
            self._runner.wait_for_end(job.id, throttle.eta_s)
        if session.holds(turn):
            yield self._ended(session, self._runner.store.job(job.id, job.owner), locale)

    def _under_way(self, session: PageSession, live: ActiveJob, locale: Locale) -> Screen:
        ahead = self._runner.queue_position(live.job.id)
        if live.job.failure is not None:  # it waits for what its sentence says
            bar = markup.message(in_locale(live.job.failure.zh, live.job.failure.en, locale), "error")
        elif ahead and not self._runner.paused:
            bar = markup.progress_bar(translate("waiting", locale, ahead=ahead), None)
        elif live.progress is None:
            bar = self._beginning(locale)
        else:
            line = markup.progress_line(live.progress, self._runner.eta_s(live), locale)
            bar = markup.progress_bar(line, live.progress.fraction)
        mark = self._mark(session, live.job)
        return Screen(running=True, notice=bar, text=self._text_of(session, live.job, mark), mark=mark)

    def _beginning(self, locale: Locale) -> str:
        if self._runner.paused:
            return markup.progress_bar(waiting_line(self._settings.model(), locale), None)
        return markup.progress_bar(translate("starting", locale), None)

    def _ended(self, session: PageSession, job: Job, locale: Locale) -> Screen:
        notice = ""
        if job.failure:
            notice = markup.message(in_locale(job.failure.zh, job.failure.en, locale), "error")
        elif job.state == "cancelled":
            notice = markup.message(translate("cancelled", locale), "note")
        mark = self._mark(session, job)
        result = self._runner.result(job)
        return Screen(
            notice=notice,
            text=self._text_of(session, job, mark),
            summary=markup.summary(result, job.elapsed_s, locale) if result else None,
            mark=mark,
        )

    def _mark(self, session: PageSession, job: Job) -> TextMark:
        """Return of what a text is that is drawn after this: its rows may be newer, never older."""
        return TextMark(job.id, serialise.version(self._runner, job), session.sure_only, session.begun)

    def _text_of(self, session: PageSession, job: Job, mark: TextMark) -> str:
        result = self._runner.result(job)
        return self._text(session, result, mark.sure_only) if result else ""

    def _text(self, session: PageSession, result: Result, sure_only: bool) -> str:
        transcript = without_unsure_tags(result.transcript) if sure_only else result.transcript
        return render_view(transcript, session.view, session.label_locale)


def options_from(form: Mapping[str, object], defaults: Options, locale: Locale) -> Options:
    """Return the defaults with the values of the form. Raises OptionError with the label of the field."""
    try:
        return options_with(defaults, form)
    except OptionError as exc:
        data = {**exc.data, "option": translate(exc.data["option"], locale)}
        raise type(exc)(**data) from exc


def problem(exc: Exception, locale: Locale) -> str:
    """Return the message for an exception as HTML: its own sentence, or a reference number that is logged."""
    if isinstance(exc, SenseVoiceError):
        log.info("%s", exc.code)
        return markup.message(in_locale(exc.message("zh"), exc.message("en"), locale), "error")
    return markup.message(translate("unexpected", locale, reference=log_unexpected()), "error")


def log_unexpected() -> str:
    """Log the current exception with its traceback; return its reference number."""
    reference = secrets.token_hex(4)
    log.exception("unexpected error, reference %s", reference)
    return reference
