"""What was changed of a recording while it was made, put into the record of the whole.

The rows of the record are others than those that were seen live, and so are the ids of its people: a name
goes to whoever speaks for most of the time of the one who was named, and a text to the row that covers its
time, if it says there what the corrected one said, or its words do so where they were changed. What finds no
place is told among the record's diagnostics.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from difflib import SequenceMatcher

from sensevoice.formats.record import segment_from_dict
from sensevoice.formats.shared import short_clock
from sensevoice.jobs.editing.corrections import Correction, corrected
from sensevoice.jobs.editing.edits import Change, Edits, after
from sensevoice.jobs.editing.live_changes import LiveChanges, TypedText
from sensevoice.jobs.editing.people import People
from sensevoice.jobs.files import UNREADABLE, JobFolder, read_lines
from sensevoice.runtime.atomic import write_whole
from sensevoice.transcript import Diagnostic, Segment, Span, Transcript

_EAST_ASIAN = "\u2e80-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_EAST_ASIAN}]|[^\W{_EAST_ASIAN}]+|\s+|[^\w\s]")
"""Words where there are spaces between them, and characters where there are none."""


def carry_over(folder: JobFolder, transcript: Transcript) -> Transcript:
    """Write what was changed live as what people say of the record; return it with what found no place.

    Does the same again for a record that is made again. Raises OSError.
    """
    changes = LiveChanges(folder.live_changes)
    if not changes:
        return transcript
    lost = [*_carry_names(folder, changes, transcript), *_carry_texts(folder, changes, transcript)]
    return replace(transcript, diagnostics=(*transcript.diagnostics, *lost))


def _carry_names(folder: JobFolder, changes: LiveChanges, transcript: Transcript) -> Iterator[Diagnostic]:
    people, rows = People(), list(_live_rows(folder))
    shared = sorted(
        (
            (shared_ms, live_id, speaker)
            for live_id in changes.names
            for speaker, shared_ms in _shared_ms(live_id, rows, transcript.segments).most_common(1)
        ),
        reverse=True,
    )
    placed: set[str] = set()
    for _, live_id, speaker in shared:
        name = people.now.names.get(speaker)
        if name is None:
            people = people.renamed(speaker, changes.names[live_id])
        if name in (None, changes.names[live_id]):
            placed.add(live_id)
    folder.people.unlink(missing_ok=True)
    if people.changes:
        write_whole(folder.people, json.dumps(people.as_dict(), ensure_ascii=False))
    yield from (_lost_name(changes.names[each], each) for each in changes.names if each not in placed)


def _live_rows(folder: JobFolder) -> Iterator[Segment]:
    for line in read_lines(folder.live_rows):
        with suppress(*UNREADABLE):  # one row is lost to the names
            yield segment_from_dict(line["row"])


def _shared_ms(live_id: str, live: Sequence[Segment], rows: Sequence[Segment]) -> Counter[str]:
    """Return for how long each person of the record speaks while a speaker of the live rows does."""
    shared: Counter[str] = Counter()
    for mine in (row for row in live if row.speaker == live_id):
        for row in rows:
            if row.speaker is not None and (common_ms := _common_ms(mine.span, row.span)) > 0:
                shared[row.speaker] += common_ms
    return shared


def _carry_texts(folder: JobFolder, changes: LiveChanges, transcript: Transcript) -> Iterator[Diagnostic]:
    folder.edits.unlink(missing_ok=True)
    edits, rows = Edits(folder.edits), list(transcript.segments)
    for span, typed in sorted(changes.texts.items(), key=lambda item: item[0]):
        there = [number for number, row in enumerate(rows) if _is_there(row, span)]
        texts = placed(typed, [rows[number].text for number in there])
        if texts is None:
            yield _lost_text(span, typed.text)
            continue
        changed = [
            Change(corrected(rows[number], Correction(text=text)), number)
            for number, text in zip(there, texts, strict=True)
            if text != rows[number].text
        ]
        if changed:
            rows = after(rows, edits.make(changed))


def _is_there(row: Segment, span: Span) -> bool:
    """Return whether the better part of a row lies in a span, or that of the span in the row."""
    shorter_ms = min(row.span.duration_ms, span.duration_ms)
    return row.kind == "speech" and 2 * _common_ms(row.span, span) > shorter_ms


def placed(typed: TypedText, texts: Sequence[str]) -> list[str] | None:
    """Return the texts of rows with what somebody typed in another text of the same sound.

    None where they do not say what was corrected.
    """
    if not texts:
        return None
    if typed.before in texts:
        return [typed.text if text == typed.before else text for text in texts]
    before, wanted = _TOKEN.findall(typed.before), _TOKEN.findall(typed.text)
    parts = [_TOKEN.findall(text) for text in texts]
    tokens = [token for part in parts for token in part]
    owners = [number for number, part in enumerate(parts) for _ in part]
    changes: list[tuple[int, int, list[str]]] = []
    places = _places(before, tokens)
    for what, first, end, from_, to in SequenceMatcher(None, before, wanted, autojunk=False).get_opcodes():
        if what == "equal":
            continue
        left, right = places[first], places[end + 1]
        if left is not None and right is not None and tokens[left + 1 : right] == wanted[from_:to]:
            continue  # it was recognised so now
        place = _place(places[first + 1 : end + 1], left, right)
        if place is None or len({owners[at] for at in range(*place)}) > 1:
            return None
        changes.append((*place, wanted[from_:to]))
    return _changed(tokens, owners, len(texts), changes)


def _places(before: Sequence[str], tokens: Sequence[str]) -> list[int | None]:
    """Return where in `tokens` those of `before` are, one place on: both ends belong together."""
    places: list[int | None] = [-1, *(None for _ in before), len(tokens)]
    for block in SequenceMatcher(None, before, tokens, autojunk=False).get_matching_blocks():
        for number in range(block.size):
            places[block.a + number + 1] = block.b + number
    return places


def _place(inside: Sequence[int | None], left: int | None, right: int | None) -> tuple[int, int] | None:
    """Return which tokens are to be replaced, (n, n) for what is put in; None where that is not clear."""
    if not inside:
        at = left + 1 if left is not None else right
        return None if at is None else (at, at)
    known = [each for each in inside if each is not None]
    if len(known) < len(inside) or known[-1] - known[0] != len(known) - 1:
        return None
    first, end = known[0], known[-1] + 1
    return (first, end) if left == first - 1 or right == end else None


def _changed(
    tokens: Sequence[str], owners: Sequence[int], count: int, changes: Sequence[tuple[int, int, list[str]]]
) -> list[str]:
    texts: list[list[str]] = [[] for _ in range(count)]
    done = 0
    for first, end, wanted in sorted(changes, key=lambda change: change[:2]):
        for at in range(done, first):
            texts[owners[at]].append(tokens[at])
        owner = owners[first] if end > first or not first else owners[first - 1]
        texts[owner] += wanted
        done = end
    for at in range(done, len(tokens)):
        texts[owners[at]].append(tokens[at])
    return ["".join(parts) for parts in texts]


def _lost_text(span: Span, text: str) -> Diagnostic:
    at = short_clock(span.start_ms)
    return Diagnostic(
        "live_correction_lost",
        span.start_ms,
        f"录音时在 {at} 处改的文字没能放进整理后的全文，因为那里识别出的内容不同了。当时改成：“{text}”",
        f"A correction made while recording, at {at}, found no place in the full transcript, which says "
        f"something else there. What was typed: “{text}”",
    )


def _lost_name(name: str, live_id: str) -> Diagnostic:
    number = live_id[1:]
    return Diagnostic(
        "live_name_lost",
        1.0,
        f"录音时给说话人{number}起的名字“{name}”没能对应到整理后的说话人，需要时请重新命名。",
        f"The name “{name}”, given to speaker {number} while recording, matches nobody in the full "
        "transcript. Name that person again if needed.",
    )


def _common_ms(one: Span, other: Span) -> int:
    return min(one.end_ms, other.end_ms) - max(one.start_ms, other.start_ms)
