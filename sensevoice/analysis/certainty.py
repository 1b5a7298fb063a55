"""Tags of which the model itself is unsure, by its own scores."""

from __future__ import annotations

from dataclasses import replace

from sensevoice.transcript import Segment, Transcript

UNSURE_BELOW = 0.5
"""Below half another tag, or none, could have been as likely. The score is no probability of being right."""


def without_unsure_tags(transcript: Transcript) -> Transcript:
    """Return the transcript without the tags whose score is below UNSURE_BELOW.

    Scores belong to what the model wrote, so rows that a person has corrected stay as they are.
    """
    return replace(transcript, segments=tuple(map(_sure, transcript.segments)))


def _sure(segment: Segment) -> Segment:
    scores = {score.name: score.score for score in segment.scores}
    unsure = {name for name, score in scores.items() if score < UNSURE_BELOW}
    if not unsure or segment.original is not None:
        return segment
    return replace(
        segment,
        language="" if segment.language in unsure else segment.language,
        emotion="" if segment.emotion in unsure else segment.emotion,
        events=tuple(event for event in segment.events if event.name not in unsure),
        inline=tuple(tag for tag in segment.inline if tag.name not in unsure),
    )
