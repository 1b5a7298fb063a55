"""JSON Lines: each segment of the record on a line of its own, as in the JSON file."""

from __future__ import annotations

import json

from sensevoice.formats.base import RenderOptions, speaker_names
from sensevoice.formats.record import to_dict
from sensevoice.transcript import Transcript


def jsonl(transcript: Transcript, options: RenderOptions) -> str:
    """Return the segments as JSON Lines; docs/json-format.md describes their fields."""
    segments = to_dict(transcript, options)["segments"]
    names = speaker_names(transcript, options.locale)
    for item in segments:
        if item["speaker"] in names:
            item["speaker_name"] = names[item["speaker"]]
    return "".join(json.dumps(item, ensure_ascii=False, allow_nan=False) + "\n" for item in segments)
