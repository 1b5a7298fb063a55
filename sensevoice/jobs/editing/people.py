"""What somebody said about the people of a recording: how many, their names, and who are one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from sensevoice.options import Options
from sensevoice.speakers.voices import VoicePrints
from sensevoice.transcript import Segment, Span, Speaker, Transcript

LONGEST_NAME = 60

AS_THE_JOB = ""
"""The counting with which the job itself was run, whatever its options say."""


@dataclass(frozen=True)
class Naming:
    """What is said of the people of one counting, all by id: their names, and who is the same as whom."""

    names: Mapping[str, str] = field(default_factory=dict)
    merged: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class People:
    """`counting` is AS_THE_JOB, "off", "auto" or how many people there are; `said` is kept for each counting.

    Ids mean other people in each counting, and the same ones whenever the same counting is chosen again:
    so their names come back with it. `changes` counts everything that was ever said.
    """

    counting: str = AS_THE_JOB
    said: Mapping[str, Naming] = field(default_factory=dict)
    changes: int = 0

    @property
    def now(self) -> Naming:
        """What is said of the people of the present counting."""
        return self.said.get(self.counting, Naming())

    def renamed(self, speaker: str, name: str) -> People:
        """Return these people with another name for one; an empty one takes the name away."""
        names = {**self.now.names, speaker: " ".join(name.split())[:LONGEST_NAME]}
        return self._with(replace(self.now, names={key: value for key, value in names.items() if value}))

    def joined(self, speaker: str, into: str) -> People:
        """Return these people where one is the same as another."""
        before = self.now.merged
        into = before.get(into, into)
        if speaker == into:
            return self
        merged = {key: into if value == speaker else value for key, value in before.items()}
        return self._with(replace(self.now, merged={**merged, speaker: into}))

    def parted(self, speaker: str) -> People:
        """Return these people where one is again nobody but themselves."""
        merged = {key: value for key, value in self.now.merged.items() if key != speaker}
        return self._with(replace(self.now, merged=merged))

    def counted(self, count: str, options: Options) -> People:
        """Return these people counted anew; `options` are those of the job. Raises OptionError."""
        wanted = Options(speakers=count).speakers
        counting = AS_THE_JOB if wanted == options.speakers else wanted
        return replace(self, counting=counting, changes=self.changes + 1)

    def _with(self, naming: Naming) -> People:
        return replace(self, said={**self.said, self.counting: naming}, changes=self.changes + 1)

    def as_dict(self) -> dict[str, Any]:
        return {
            "counting": self.counting,
            "said": {counting: asdict(naming) for counting, naming in self.said.items()},
            "changes": self.changes,
        }

    @classmethod
    def read(cls, path: Path) -> People:
        """Return what was kept as `as_dict` has it, nothing where there is none."""
        try:
            kept = json.loads(path.read_text("utf-8"))
            said = {counting: Naming(**naming) for counting, naming in kept["said"].items()}
            return cls(kept["counting"], said, kept["changes"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return cls()

    def told_apart(self, transcript: Transcript, prints: VoicePrints | None) -> Transcript:
        """Return the record with its people counted as somebody wants, before any correction of its rows."""
        if self.counting == AS_THE_JOB or prints is None:
            return transcript
        from sensevoice.speakers.assign import by_voice  # it imports scipy

        if self.counting == "off":
            rows = tuple(replace(row, speaker=None) for row in transcript.segments)
            return replace(transcript, segments=rows, speakers=())
        people = Options(speakers=self.counting).people
        segments, speakers = by_voice(transcript.segments, prints, people)
        return replace(transcript, segments=segments, speakers=speakers)

    def named(self, transcript: Transcript) -> Transcript:
        """Return the record with the names that people have, and those put together who are one."""
        if not transcript.speakers:
            return transcript
        rows = tuple(self._joined_row(row) for row in transcript.segments)
        kept = (speaker for speaker in transcript.speakers if speaker.id not in self.now.merged)
        speakers = tuple(Speaker(each.id, self.now.names.get(each.id, each.name)) for each in kept)
        return replace(transcript, segments=rows, speakers=speakers)

    def _joined_row(self, row: Segment) -> Segment:
        into = self.now.merged.get(row.speaker or "")
        return row if into is None else replace(row, speaker=into)


def with_speakers(rows: Sequence[Segment], before: Sequence[Segment]) -> list[Segment]:
    """Return corrected rows; those without a speaker get who spoke there before the corrections."""
    spoken = [row for row in before if row.speaker is not None]
    if not spoken:
        return list(rows)
    return [
        replace(row, speaker=_speaker_at(row.span, spoken))
        if row.kind == "speech" and row.speaker is None
        else row
        for row in rows
    ]


def _speaker_at(span: Span, spoken: Sequence[Segment]) -> str | None:
    """Return who speaks in the row that shares most time with a span; None where none does."""
    shared_ms, best = 0, None
    for row in spoken:
        common_ms = min(row.span.end_ms, span.end_ms) - max(row.span.start_ms, span.start_ms)
        if common_ms > shared_ms:
            shared_ms, best = common_ms, row.speaker
    return best
