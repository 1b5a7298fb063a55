"""HTML made on the server: progress, messages, the summary of a result. All text is escaped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from sensevoice.formats.shared import short_clock
from sensevoice.jobs import Result
from sensevoice.progress import Progress
from sensevoice.tags.labels import label
from sensevoice.transcript import Segment
from sensevoice.ui.i18n import Locale, duration, in_locale, translate

MIN_FRACTION = 0.02
"""Below this fraction an estimate of the remaining time is too unstable to be shown."""


def progress_bar(text: str, fraction: float | None) -> str:
    """Return a progress bar with a line of text, indeterminate without a fraction."""
    if fraction is None:
        bar = '<div class="sv-bar sv-unknown" role="progressbar"><div></div></div>'
    else:
        percent = int(fraction * 100)
        bar = (
            f'<div class="sv-bar" role="progressbar" aria-valuemin="0" aria-valuemax="100" '
            f'aria-valuenow="{percent}"><div style="width: {percent}%"></div></div>'
        )
    return f'{bar}<p aria-live="off">{escape(text)}</p>'


def progress_line(progress: Progress, eta_s: float | None, locale: Locale) -> str:
    """Return stage, percentage done and time left: `识别中 37 % · 还需约 8 秒`."""
    stage = translate(f"stage_{progress.stage}", locale)
    fraction = progress.fraction
    if fraction is None:
        return f"{stage} · " + translate("done_so_far", locale, duration=duration(progress.done_ms, locale))
    line = f"{stage} {int(fraction * 100)} %"
    if fraction < MIN_FRACTION or eta_s is None or fraction >= 1:
        return line
    return f"{line} · " + translate(
        "remaining", locale, duration=duration(max(1000, round(eta_s) * 1000), locale)
    )


def message(text: str, kind: str) -> str:
    """Return a message; `kind` is "error" or "note"."""
    role = "alert" if kind == "error" else "status"
    return f'<div class="sv-message sv-{kind}" role="{role}">{escape(text)}</div>'


@dataclass(frozen=True)
class TextMark:
    """Of what the text on the page is: a job or none, its rows at a version, without unsure tags or with all.

    `begun` is the job that the page's button began last. See workbench/text_above.js.
    """

    job_id: str = ""
    version: int = 0
    sure_only: bool = False
    begun: str = ""


def text_mark(mark: TextMark) -> str:
    """Return the hidden element from which the workbench in the browser learns of what the text is."""
    sure = "yes" if mark.sure_only else "no"
    return (
        f'<span data-job="{escape(mark.job_id)}" data-version="{mark.version}" data-sure="{sure}" '
        f'data-begun="{escape(mark.begun)}" hidden></span>'
    )


def summary(result: Result, elapsed_s: float, locale: Locale) -> str:
    """Return the line under the transcript: `22 秒 · 6 段 · 中文 · 愤怒 1 · 背景音乐 1 · 用时 0.4 秒`."""
    transcript, segments = result.transcript, result.transcript.segments
    count = len(segments)
    failed = len(transcript.failed())
    parts = [_part("partial", _partial(transcript.complete_until_ms, locale))] if result.partial else []
    parts.append(_part("", duration(transcript.duration_ms, locale)))
    parts.append(_part("", translate("segment" if count == 1 else "segments", locale, count=count)))
    if failed:
        parts.append(_part("failed", translate("failed", locale, count=failed)))
    if not any(segment.kind == "speech" for segment in segments):
        parts.append(_part("", translate("nothing_heard", locale)))
    parts += [_part("", tag) for tag in _tags(segments, locale)]
    parts.append(_part("", translate("took", locale, duration=duration(elapsed_s * 1000, locale))))
    return f"<p>{' · '.join(parts)}</p>"


def _partial(until_ms: int | None, locale: Locale) -> str:
    if not until_ms:
        return translate("partial", locale)
    return translate("partial_until", locale, time=short_clock(until_ms))


def _part(kind: str, text: str) -> str:
    """Return a part of the summary, never broken over two lines; `kind` is its class, "" for none."""
    return f'<span class="sv-{kind}">{escape(text)}</span>' if kind else f"<span>{escape(text)}</span>"


def _tags(segments: Iterable[Segment], locale: Locale) -> list[str]:
    languages: Counter[str] = Counter()
    feelings: Counter[str] = Counter()
    sounds: Counter[str] = Counter()
    for segment in segments:
        if segment.kind == "speech" and segment.language:
            languages[segment.language] += 1
        feelings[segment.emotion] += 1
        sounds.update({event.name for event in segment.events})
    named = [_label(name, locale) for name, _ in languages.most_common()]
    for counter in (feelings, sounds):
        named += [f"{shown} {n}" for name, n in counter.most_common() if (shown := _label(name, locale))]
    return [part for part in named if part]


def _label(name: str, locale: Locale) -> str:
    return in_locale(label(name, "zh"), label(name, "en"), locale)
