"""What happens on a click, without gradio: handlers take values and give screens."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sensevoice.errors import OptionError, SenseVoiceError
from sensevoice.formats import render_view
from sensevoice.options import Options
from sensevoice.progress import Progress
from sensevoice.transcript import Segment, Transcript
from sensevoice.ui import markup
from sensevoice.ui.downloads import write_downloads
from sensevoice.ui.heard import Clock, Heard, Pace
from sensevoice.ui.runs import Desk, Result, Ticket, Turnstile
from sensevoice.ui.settings import PageSettings, TranscribeFn
from sensevoice.ui.text import Reader, say

log = logging.getLogger(__name__)

WAIT_S = 0.5
"""How often a waiting run looks whether it was cancelled and how many are still ahead."""


@dataclass(frozen=True)
class Screen:
    """What the page is to show; None leaves a part as it is. `notice`, `summary` and `advice` are HTML."""

    running: bool = False
    notice: str = ""
    text: str | None = None
    summary: str | None = None
    advice: str | None = None
    files: tuple[Path, ...] | None = None


class Handlers:
    """The handlers of one app; `cache` is the folder for downloads."""

    def __init__(
        self,
        transcribe: TranscribeFn,
        settings: PageSettings,
        turnstile: Turnstile,
        cache: Path,
        clock: Clock = time.monotonic,
    ) -> None:
        self._transcribe = transcribe
        self._settings = settings
        self._turnstile = turnstile
        self._cache = cache
        self._clock = clock

    def run(self, desk: Desk, path: Path | None, form: Mapping[str, Any], reader: Reader) -> Iterator[Screen]:
        """Recognise a file and give screens as it goes; none when this visitor has a run already."""
        cancelled = desk.begin()
        if cancelled is None:
            return
        try:
            yield from self._run(desk, path, form, cancelled, reader)
        finally:
            desk.end()

    def show(self, desk: Desk, view: str, labels: str) -> Screen:
        """Show the last result in another view, without running again."""
        desk.view, desk.labels = view, labels
        if desk.result is None:
            return Screen()
        files = None if desk.running else self._files(desk, desk.result)
        return Screen(text=self._text(desk, desk.result), files=files)

    def _run(
        self,
        desk: Desk,
        path: Path | None,
        form: Mapping[str, Any],
        cancelled: threading.Event,
        reader: Reader,
    ) -> Iterator[Screen]:
        if path is None:
            wanted = "no_recording" if desk.source == "microphone" else "no_file"
            yield Screen(notice=markup.message(say(wanted, reader), "error"))
            return
        try:
            options = options_from(form, self._settings.options, reader)
            with self._turnstile.enter() as ticket:
                yield from self._wait(ticket, cancelled, reader)
                if cancelled.is_set():
                    yield Screen()
                else:
                    yield from self._recognise(desk, path, options, cancelled, reader)
        except Exception as exc:  # whatever it is, the visitor gets a sentence and the start button back
            yield Screen(notice=problem(exc, reader))

    def _wait(self, ticket: Ticket, cancelled: threading.Event, reader: Reader) -> Iterator[Screen]:
        while (ahead := ticket.ahead) and not cancelled.is_set():
            yield Screen(running=True, notice=markup.progress_bar(say("waiting", reader, ahead=ahead), None))
            ticket.wait(WAIT_S)

    def _recognise(
        self, desk: Desk, path: Path, options: Options, cancelled: threading.Event, reader: Reader
    ) -> Iterator[Screen]:
        """Run, and end with what was heard however the run ends: whole, cancelled or failed."""
        heard = Heard(path.name, options, self._settings.model, self._clock)
        desk.result = None
        bar = markup.progress_bar(say("starting", reader), None)
        yield Screen(True, bar, text="", summary="", advice="", files=())
        notice = ""
        try:
            yield from self._follow(desk, heard, self._transcribe(path, options), cancelled, reader)
        except Exception as exc:  # as above, and what was heard before it is kept
            notice = problem(exc, reader)
        else:
            if not heard.whole:
                notice = markup.message(say("cancelled", reader), "note")
        desk.result = heard.result()
        yield replace(self._ended(desk, heard, reader), notice=notice)

    def _follow(
        self,
        desk: Desk,
        heard: Heard,
        items: Iterator[Progress | Segment | Transcript],
        cancelled: threading.Event,
        reader: Reader,
    ) -> Iterator[Screen]:
        pace = Pace(self._clock)
        try:
            for item in items:
                heard.take(item)
                if cancelled.is_set():
                    break
                if pace.due():
                    with pace.drawing():
                        screen = self._under_way(desk, heard, reader)
                    yield screen
        finally:
            close(items)
        if not heard.whole and not cancelled.is_set():
            raise RuntimeError("the run ended without a transcript")

    def _under_way(self, desk: Desk, heard: Heard, reader: Reader) -> Screen:
        desk.result = heard.result()
        line, fraction = say("starting", reader), None
        if heard.progress:
            line = markup.progress_line(heard.progress, heard.elapsed_s, reader)
            fraction = heard.progress.fraction
        text = self._text(desk, desk.result) if desk.result else ""
        return Screen(running=True, notice=markup.progress_bar(line, fraction), text=text)

    def _ended(self, desk: Desk, heard: Heard, reader: Reader) -> Screen:
        if desk.result is None:
            return Screen(text="")
        return Screen(
            text=self._text(desk, desk.result),
            summary=markup.summary(desk.result, heard.elapsed_s, reader),
            advice=markup.advice(desk.result.transcript.diagnostics, reader),
            files=self._files(desk, desk.result),
        )

    def _text(self, desk: Desk, result: Result) -> str:
        return render_view(result.transcript, desk.view, desk.labels)

    def _files(self, desk: Desk, result: Result) -> tuple[Path, ...]:
        return write_downloads(result, desk.view, desk.labels, self._cache)


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
        log.info("%s", exc.message("en"))
        return markup.message(exc.message(reader), "error")
    return markup.message(say("unexpected", reader, reference=log_unexpected()), "error")


def log_unexpected() -> str:
    """Log the exception under way with its traceback and return the number by which it can be found."""
    reference = secrets.token_hex(4)
    log.exception("unexpected error, reference %s", reference)
    return reference


def close(items: Iterator[object]) -> None:
    """Close an iterator if it is a generator, which cancels the run behind it."""
    closing = getattr(items, "close", None)
    if closing is not None:
        closing()
