"""The HTML that is made on the server: progress, messages, the summary of a result. All text is escaped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from html import escape

from sensevoice.formats.base import short_clock
from sensevoice.jobs import Result
from sensevoice.progress import Progress
from sensevoice.tags import label
from sensevoice.transcript import Diagnostic, Segment
from sensevoice.ui.text import Reader, duration, say

MIN_FRACTION = 0.02
"""Below this share an estimate of what remains jumps about more than it tells."""


def progress_bar(text: str, fraction: float | None) -> str:
    """Return a bar with a line of text; with no fraction it only shows that something goes on."""
    if fraction is None:
        bar = '<div class="sv-bar sv-unknown" role="progressbar"><div></div></div>'
    else:
        percent = int(fraction * 100)
        bar = (
            f'<div class="sv-bar" role="progressbar" aria-valuemin="0" aria-valuemax="100" '
            f'aria-valuenow="{percent}"><div style="width: {percent}%"></div></div>'
        )
    return f'{bar}<p aria-live="off">{escape(text)}</p>'


def progress_line(progress: Progress, left_s: float | None, reader: Reader) -> str:
    """Return stage, share done and time left: `识别 37 % · 还需约 8 秒`."""
    stage = say(f"stage_{progress.stage}", reader)
    fraction = progress.fraction
    if fraction is None:
        return f"{stage} · " + say("done_so_far", reader, duration=duration(progress.done_ms, reader))
    line = f"{stage} {int(fraction * 100)} %"
    if fraction < MIN_FRACTION or left_s is None or fraction >= 1:
        return line
    return f"{line} · " + say("remaining", reader, duration=duration(max(1000, round(left_s) * 1000), reader))


def message(text: str, kind: str) -> str:
    """Return a sentence beside what caused it; `kind` is "error" or "note"."""
    role = "alert" if kind == "error" else "status"
    return f'<div class="sv-message sv-{kind}" role="{role}">{escape(text)}</div>'


def job_mark(job_id: str) -> str:
    """Return what tells the workbench in the browser which job the page shows."""
    return f'<span data-job="{escape(job_id)}" hidden></span>'


def summary(result: Result, elapsed_s: float, reader: Reader) -> str:
    """Return the line under the transcript: `22 秒 · 6 段 · 中文 · 愤怒 1 · 背景音乐 1 · 用时 0.4 秒`."""
    transcript, segments = result.transcript, result.transcript.segments
    count = len(segments)
    failed = len(transcript.failed())
    parts = [_part("partial", _partial(transcript.complete_until_ms, reader))] if result.partial else []
    parts.append(_part("", duration(transcript.duration_ms, reader)))
    parts.append(_part("", say("segment" if count == 1 else "segments", reader, count=count)))
    if failed:
        parts.append(_part("failed", say("failed", reader, count=failed)))
    if not any(segment.kind == "speech" for segment in segments):
        parts.append(_part("", say("nothing_heard", reader)))
    parts += [_part("", heard) for heard in _heard(segments, reader)]
    parts.append(_part("", say("took", reader, duration=duration(elapsed_s * 1000, reader))))
    return f"<p>{' · '.join(parts)}</p>"


def _partial(until_ms: int | None, reader: Reader) -> str:
    if not until_ms:
        return say("partial", reader)
    return say("partial_until", reader, time=short_clock(until_ms))


def advice(diagnostics: Iterable[Diagnostic], reader: Reader) -> str:
    """Return what is wrong with the recording, one sentence a line, or nothing."""
    rows = "".join(f"<li>{escape(getattr(item, reader))}</li>" for item in diagnostics)
    return f"<ul>{rows}</ul>" if rows else ""


def _part(kind: str, text: str) -> str:
    """Return one part of the summary, which is never broken over two lines; a `kind` makes it stand out."""
    return f'<span class="sv-{kind}">{escape(text)}</span>' if kind else f"<span>{escape(text)}</span>"


def _heard(segments: Iterable[Segment], reader: Reader) -> list[str]:
    languages: Counter[str] = Counter()
    feelings: Counter[str] = Counter()
    sounds: Counter[str] = Counter()
    for segment in segments:
        if segment.kind == "speech" and segment.language:
            languages[segment.language] += 1
        feelings[segment.emotion] += 1
        sounds.update({event.name for event in segment.events})
    named = [label(name, reader) for name, _ in languages.most_common()]
    for counter in (feelings, sounds):
        named += [f"{shown} {n}" for name, n in counter.most_common() if (shown := label(name, reader))]
    return [part for part in named if part]
