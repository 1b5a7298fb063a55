"""JSON Lines: each segment of the record on its own line, as in the JSON file."""

from __future__ import annotations

import json

from sensevoice.formats.record import to_dict
from sensevoice.formats.shared import RenderOptions, speaker_names
from sensevoice.transcript import Transcript


def jsonl(transcript: Transcript, options: RenderOptions) -> str:
    """Return the segments as JSON Lines; docs/json-format.md describes their fields.

    Of a transcript that is not whole a last line says so, with the JSON file's own fields.
    """
    record = to_dict(transcript, options)
    names = speaker_names(transcript, options.locale)
    lines = record["segments"]
    for item in lines:
        if item["speaker"] in names:
            item["speaker_name"] = names[item["speaker"]]
    if record["partial"]:
        lines = [*lines, {name: record[name] for name in ("partial", "complete_until_ms")}]
    return "".join(json.dumps(item, ensure_ascii=False, allow_nan=False) + "\n" for item in lines)
