"""The named endpoint `/transcribe`, for gradio_client and for plain HTTP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from sensevoice.errors import SenseVoiceError
from sensevoice.formats import RenderOptions, to_dict
from sensevoice.jobs import JobRunner
from sensevoice.options import Options
from sensevoice.transcript import Transcript
from sensevoice.ui.handlers import log_unexpected
from sensevoice.ui.i18n import LOCALES, translate
from sensevoice.ui.settings import PageSettings

API_OWNER = "/transcribe"
"""No login holds a slash, so that nobody sees the jobs of the API in a list."""


def make_endpoint(runner: JobRunner, settings: PageSettings, cache: Path) -> Callable[..., dict[str, Any]]:
    """Return the function behind the endpoint: an uploaded file and settings to a record.

    Its defaults are the page's; gradio reads parameters, types and the docstring from it. All errors
    reach the client as gr.Error with the sentence in both languages.
    """
    page = settings.options
    for job in runner.store.jobs(API_OWNER):  # whose clients went with the last process
        runner.delete(job)

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
        speakers: str = "off",
    ) -> dict:  # type: ignore[type-arg]  # gradio's schema knows the bare type
        """Recognise an audio or video file, uploaded with handle_file(), and return the record."""
        try:
            path = uploaded(audio, cache)
            options = Options(
                language=language,
                use_itn=use_itn,
                ban_emo_unk=ban_emo_unk,
                merge=merge,  # type: ignore[arg-type]  # Options says what is allowed
                pause_ms=pause_ms,
                merge_length_s=merge_length_s,
                merge_gap_s=merge_gap_s,
                batch_size_s=batch_size_s,
                channel=channel,  # type: ignore[arg-type]  # Options says what is allowed
                sounds=sounds,
                word_times=word_times,
                among=tuple(among or ()),
                keep_numbers=keep_numbers,
                speakers=speakers,
            )
            render_options = RenderOptions(locale=labels)
            return to_dict(record_of(runner, path, options), render_options)
        except SenseVoiceError as exc:
            raise gr.Error(str(exc), print_exception=False) from exc
        except gr.Error:
            raise
        except Exception as exc:
            sentences = both("unexpected", reference=log_unexpected())
            raise gr.Error(sentences, print_exception=False) from exc

    return endpoint


def uploaded(audio: object, cache: Path) -> Path:
    """Return the path of a file that came in by upload. Raises gr.Error for anything else.

    gradio itself checks only values that call themselves file data, so a plain string, or a dict
    without `meta`, would name any file on the server.
    """
    path = audio.get("path") if isinstance(audio, dict) else None
    if isinstance(path, str):
        real = Path(path).resolve()
        if real.is_file() and real.is_relative_to(cache.resolve()):
            return real
    raise gr.Error(both("not_uploaded"), print_exception=False)


def record_of(runner: JobRunner, path: Path, options: Options) -> Transcript:
    """Run a job to its end and return its record; it is no part of the page's list. Raises gr.Error."""
    job = runner.submit(path, options, API_OWNER)
    try:
        runner.wait_for_end(job.id)
        job = runner.store.job(job.id, API_OWNER)
        if job.failure is not None:
            raise gr.Error(f"{job.failure.zh} / {job.failure.en}", print_exception=False)
        return runner.store.result(job).transcript
    finally:
        runner.delete(job)


def both(key: str, **values: object) -> str:
    """Return a sentence in Chinese and in English, for clients that do not say what they read."""
    return " / ".join(translate(key, locale, **values) for locale in LOCALES)
