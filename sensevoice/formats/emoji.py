"""The emoji text, exactly as funasr renders it; the only format that imports funasr."""

from __future__ import annotations

from sensevoice.errors import MissingDependency
from sensevoice.transcript import Transcript


def emoji(transcript: Transcript) -> str:
    """Return funasr's rich text of the raw transcript. Raises MissingDependency without funasr."""
    try:
        # Imported on use: loading funasr takes seconds, and no other view needs it.
        from funasr.utils.postprocess_utils import rich_transcription_postprocess  # type: ignore[import-untyped,unused-ignore]
    except ImportError as exc:
        raise MissingDependency(reason=str(exc)) from exc
    return str(rich_transcription_postprocess(transcript.raw))
