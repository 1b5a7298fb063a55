"""The named endpoint `/transcribe`, for gradio_client and for plain HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.context import LocalContext

from sensevoice.access.origins import visitor_address
from sensevoice.errors import SenseVoiceError
from sensevoice.formats import RenderOptions, to_dict
from sensevoice.jobs import JobRunner
from sensevoice.options import Options
from sensevoice.transcript import Transcript
from sensevoice.ui.handlers import log_unexpected
from sensevoice.ui.i18n import LOCALES, translate

LOOK_S = 0.5
"""How often it is looked whether the caller is still there."""

API_OWNER = "/transcribe"
"""No login contains a slash, so that the jobs of the API are in nobody's list."""


def make_endpoint(runner: JobRunner, page: Options, cache: Path) -> Callable[..., dict[str, Any]]:
    """Return the function behind the endpoint, from an uploaded file and options to the record.

    Its defaults are the options of the page; gradio reads its parameters, types and docstring.
    """

    def endpoint(
        audio: gr.FileData,
        language: str = page.language,
        use_itn: bool = page.use_itn,
        ban_emo_unk: bool = page.ban_emo_unk,
        merge_length_s: float = page.merge_length_s,
        merge_gap_s: float = page.merge_gap_s,
        batch_size_s: float = page.batch_size_s,
        channel: str = page.channel,
        sounds: bool = page.sounds,
        word_times: bool = page.word_times,
        among: list[str] = list(page.among),  # noqa: B006  # gradio reads it, nothing changes it
        keep_numbers: bool = page.keep_numbers,
        labels: str = "zh",
        merge: str = page.merge,
        pause_ms: int = page.pause_ms,
        track: int = page.track,
        raw_format: str = page.raw_format,
        speakers: str = "off",
        hotwords: str = "\n".join(page.hotwords),
        request: gr.Request | None = None,
    ) -> dict:  # type: ignore[type-arg]  # gradio's schema knows the bare type
        """Recognise an audio or video file, uploaded with handle_file(), and return the record."""
        with errors_for_clients():
            options = Options(
                language=language,
                use_itn=use_itn,
                ban_emo_unk=ban_emo_unk,
                merge=merge,  # type: ignore[arg-type]  # Options says what is allowed
                pause_ms=pause_ms,
                merge_length_s=merge_length_s,
                merge_gap_s=merge_gap_s,
                batch_size_s=batch_size_s,
                channel=channel,  # Options says what is allowed
                track=track,
                raw_format=raw_format,
                sounds=sounds,
                word_times=word_times,
                among=tuple(among or ()),
                keep_numbers=keep_numbers,
                speakers=speakers,
                hotwords=hotwords or (),  # type: ignore[arg-type]  # Options takes one text, too
            )
            shown = RenderOptions(locale=labels)
            client = request.client if request else None
            address = visitor_address(client.host if client else None)
            recording = uploaded(audio, cache)
            return to_dict(record_of(runner, recording, options, address, whether_caller_left()), shown)

    return endpoint


def delete_abandoned_jobs(runner: JobRunner) -> None:
    """Delete the API's jobs of the last process: its clients lost their connections with it."""
    for job in runner.store.jobs(API_OWNER):
        runner.delete(job)


@contextmanager
def errors_for_clients() -> Iterator[None]:
    """Raise every error in the block as gr.Error, with its sentence in both languages."""
    try:
        yield
    except SenseVoiceError as exc:
        raise gr.Error(str(exc), print_exception=False) from exc
    except gr.Error:
        raise
    except Exception as exc:
        sentences = both("unexpected", reference=log_unexpected())
        raise gr.Error(sentences, print_exception=False) from exc


def uploaded(audio: object, cache: Path) -> Path:
    """Return the path of an uploaded file. Raises gr.Error for anything else.

    gradio itself checks only values that call themselves file data, so a plain string, or a dict
    without `meta`, would name any file on the server.
    """
    path = audio.get("path") if isinstance(audio, dict) else None
    if isinstance(path, str):
        real = Path(path).resolve()
        if real.is_file() and real.is_relative_to(cache.resolve()):
            return real
    raise gr.Error(both("not_uploaded"), print_exception=False)


def whether_caller_left() -> Callable[[], bool]:
    """Return a function that says whether the caller of the event that runs now has closed its connection.

    gradio ends a generator whose caller left, but a function in a thread it lets go on; it only marks the
    event. Without an event, as in a test, nobody can leave.
    """
    blocks, event_id = LocalContext.blocks.get(None), LocalContext.event_id.get(None)
    event = blocks._queue.event_ids_to_events.get(event_id) if blocks and event_id else None
    return lambda: event is not None and not event.alive


def record_of(
    runner: JobRunner,
    path: Path,
    options: Options,
    address: str = "",
    has_left: Callable[[], bool] = lambda: False,
) -> Transcript:
    """Run a job that no list shows, delete it, and return its record. Raises gr.Error.

    The job ends with its caller.
    """
    job = runner.submit(path, options, API_OWNER, address)
    try:
        while not runner.wait_for_end(job.id, LOOK_S):
            if has_left():
                raise gr.Error(both("caller_left"), print_exception=False)
        job = runner.store.job(job.id, API_OWNER)
        if job.failure is not None:
            raise gr.Error(f"{job.failure.zh} / {job.failure.en}", print_exception=False)
        return runner.store.result(job).transcript
    finally:
        runner.delete(job)


def both(key: str, **values: object) -> str:
    """Return a sentence in Chinese and in English, for clients whose language is not known."""
    return " / ".join(translate(key, locale, **values) for locale in LOCALES)
