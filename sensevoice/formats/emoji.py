"""The emoji text: the tags of the model with the corrected text, as funasr renders them.

No other format imports funasr.
"""

from __future__ import annotations

from sensevoice.errors import MissingDependency
from sensevoice.transcript import Segment, Transcript


def emoji(transcript: Transcript) -> str:
    """Return funasr's rich text of what the model wrote, or a person in its place.

    Raises MissingDependency without funasr.
    """
    try:
        # Imported on use: loading funasr takes seconds, and no other view needs it.
        from funasr.utils.postprocess_utils import rich_transcription_postprocess  # type: ignore[import-untyped,unused-ignore]
    except ImportError as exc:
        raise MissingDependency(reason=str(exc)) from exc
    return str(rich_transcription_postprocess("".join(map(_written, transcript.segments))))


def _written(segment: Segment) -> str:
    """Return what the model wrote; of a corrected row, what it would have written for that."""
    if segment.original is None:
        return segment.raw
    names = [segment.language or "nospeech", segment.emotion or "EMO_UNKNOWN"]
    names += [event.name for event in segment.events] or ["Speech"]
    return "".join(f"<|{name}|>" for name in (*names, "withitn")) + segment.text
