"""The views of a transcript as plain text, and as a text file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from sensevoice.formats.emoji import emoji
from sensevoice.formats.markdown import markdown
from sensevoice.formats.shared import RenderOptions, speaker_names, with_name
from sensevoice.formats.tagged import tagged, timed
from sensevoice.transcript import Transcript


def plain(transcript: Transcript, locale: str = "zh") -> str:
    """Return the text alone, one line per segment of speech, after who says it where that is known."""
    names = speaker_names(transcript, locale)
    spoken = (item for item in transcript.segments if item.kind == "speech" and item.text)
    return "\n".join(with_name(item.text, names.get(item.speaker or "", ""), locale) for item in spoken)


def raw(transcript: Transcript) -> str:
    """Return the raw text of the model with its tags, one line per segment."""
    return "\n".join(item.raw for item in transcript.segments if item.raw)


_VIEWS: Mapping[str, Callable[[Transcript, str], str]] = MappingProxyType(
    {
        "tagged": tagged,
        "emoji": lambda transcript, locale: emoji(transcript),
        "plain": plain,
        "timed": timed,
        "raw": lambda transcript, locale: raw(transcript),
        "markdown": markdown,
    }
)


def view_text(transcript: Transcript, options: RenderOptions) -> str:
    """Return the transcript in the options' view."""
    return _VIEWS[options.view](transcript, options.locale)


def txt(transcript: Transcript, options: RenderOptions) -> str:
    """Return the options' view as a text file; it ends with a line break unless it is empty."""
    return _as_file(view_text(transcript, options))


def markdown_file(transcript: Transcript, options: RenderOptions) -> str:
    """Return the Markdown table as a file."""
    return _as_file(markdown(transcript, options.locale))


def _as_file(text: str) -> str:
    return f"{text}\n" if text else ""
