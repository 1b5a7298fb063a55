"""What somebody said about the people of a recording: how many, their names, and who are one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sensevoice.options import Options
from sensevoice.speakers.voices import VoicePrints
from sensevoice.transcript import Segment, Speaker, Transcript

LONGEST_NAME = 60


@dataclass(frozen=True)
class People:
    """`count` is "auto" or how many there are, None as the job has it; `names` and `merged` are by id.

    `changes` counts everything that was ever said.
    """

    count: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    merged: Mapping[str, str] = field(default_factory=dict)
    changes: int = 0

    def renamed(self, speaker: str, name: str) -> People:
        """Return these people with another name for one; an empty one takes the name away."""
        names = {**self.names, speaker: " ".join(name.split())[:LONGEST_NAME]}
        return replace(
            self, names={key: value for key, value in names.items() if value}, changes=self.changes + 1
        )

    def joined(self, speaker: str, into: str) -> People:
        """Return these people where one is the same as another."""
        into = self.merged.get(into, into)
        if speaker == into:
            return self
        merged = {key: into if value == speaker else value for key, value in self.merged.items()}
        return replace(self, merged={**merged, speaker: into}, changes=self.changes + 1)

    def counted(self, count: str) -> People:
        """Return these people counted anew, which gives their ids to others. Raises OptionError."""
        return People(Options(speakers=count).speakers, changes=self.changes + 1)

    def as_dict(self) -> dict[str, Any]:
        return {
            "count": self.count,
            "names": dict(self.names),
            "merged": dict(self.merged),
            "changes": self.changes,
        }

    @classmethod
    def read(cls, path: Path) -> People:
        """Return what `write` kept, nothing where there is none."""
        try:
            result = json.loads(path.read_text("utf-8"))
            return cls(result["count"], result["names"], result["merged"], result["changes"])
        except (OSError, ValueError, KeyError, TypeError):
            return cls()

    def told_apart(self, transcript: Transcript, prints: VoicePrints | None) -> Transcript:
        """Return the record with its people counted as somebody wants, before any correction of its rows."""
        if self.count is None or prints is None:
            return transcript
        from sensevoice.speakers.assign import by_voice  # it imports scipy

        if self.count == "off":
            rows = tuple(replace(row, speaker=None) for row in transcript.segments)
            return replace(transcript, segments=rows, speakers=())
        people = Options(speakers=self.count).people
        segments, speakers = by_voice(transcript.segments, prints, people)
        return replace(transcript, segments=segments, speakers=speakers)

    def named(self, transcript: Transcript) -> Transcript:
        """Return the record with the names that people have, and those put together who are one."""
        if not transcript.speakers:
            return transcript
        rows = tuple(self._joined_row(row) for row in transcript.segments)
        kept = (speaker for speaker in transcript.speakers if speaker.id not in self.merged)
        speakers = tuple(Speaker(each.id, self.names.get(each.id, each.name)) for each in kept)
        return replace(transcript, segments=rows, speakers=speakers)

    def _joined_row(self, row: Segment) -> Segment:
        return replace(row, speaker=self.merged[row.speaker]) if row.speaker in self.merged else row
