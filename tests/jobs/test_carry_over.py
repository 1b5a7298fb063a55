"""What was corrected while live finds its place in the rows of the whole recording, or is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sensevoice.formats.record import segment_to_dict
from sensevoice.jobs.editing.carry_over import carry_over, placed
from sensevoice.jobs.editing.edits import Edits
from sensevoice.jobs.editing.live_changes import LiveChanges, TypedText
from sensevoice.jobs.editing.people import People
from sensevoice.jobs.files import JobFolder, append_line
from sensevoice.transcript import Segment, Span, Speaker, Transcript

PLACES: list[Any] = [
    # before, typed, rows, rows with it
    ("今天开会", "今天开大会", ["今天开会"], ["今天开大会"]),
    ("今天开会。", "今天开大会。", ["好，今天开会，", "明天也开。"], ["好，今天开大会，", "明天也开。"]),
    ("请找张三。", "请找章三。", ["请找张三，谢谢。"], ["请找章三，谢谢。"]),
    ("请找张三。谢谢。", "请找章三。谢谢。", ["请找张三。", "谢谢。"], ["请找章三。", "谢谢。"]),
    ("call mister brown now", "call Mr Braun now", ["call mister brown now."], ["call Mr Braun now."]),
    ("请找张三。", "请找章三。", ["请找章三。"], ["请找章三。"]),  # it was recognised so now
    ("嗯今天开会", "今天开会", ["嗯今天开会吧"], ["今天开会吧"]),  # taken away
    ("今天开会", "老王：今天开会", ["今天开会吧"], ["老王：今天开会吧"]),  # put before
    ("请找张三。", "请找章三。", ["请问是哪位？"], None),
    ("请找张三。", "请找章三。", [], None),
    ("今天开会", "完全是另外一句话", ["今天要开会"], None),
]


@pytest.mark.parametrize(("before", "typed", "texts", "wanted"), PLACES)
def test_a_text_is_placed_by_its_words(before: str, typed: str, texts: list[str], wanted: Any) -> None:
    assert placed(TypedText(before, typed), texts) == wanted


def row(start_s: float, end_s: float, text: str, speaker: str = "S1") -> Segment:
    return Segment("speech", Span(int(start_s * 1000), int(end_s * 1000)), text, speaker=speaker)


LIVE = (
    row(0, 4, "请找张三。"),
    row(4, 9, "我就是。", "S2"),
    row(9, 12, "好的，再见。"),
    row(12, 13, "嗯。", "S3"),
)
WHOLE = Transcript(
    "a.wav",
    13_000,
    (row(0, 4.2, "请找张三。", "S2"), row(4.2, 9, "我就是。", "S1"), row(9, 12, "好的再会。", "S2")),
    speakers=(Speaker("S1"), Speaker("S2")),
)


def folder_with(tmp_path: Path) -> JobFolder:
    folder = JobFolder(tmp_path)
    for each in LIVE:
        append_line(folder.live_rows, {"until_ms": each.span.end_ms, "row": segment_to_dict(each)})
    return folder


def test_names_go_by_time_and_what_has_no_place_is_told(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    changes = LiveChanges(folder.live_changes)
    for speaker, name in (("S1", "安"), ("S2", "鲍勃"), ("S3", "谁"), ("S2", "  鲍 勃")):
        changes.rename(speaker, name)
    changes.correct(LIVE[0], "请找章三。")
    changes.correct(LIVE[2], "好的，下回见。")
    changes.correct(LIVE[1], "我不是。")
    changes.correct(LIVE[1], "我就是。")  # taken back
    for _ in range(2):  # a run that was killed does it again
        made = carry_over(folder, WHOLE)
        assert People.read(folder.people).now.names == {"S2": "安", "S1": "鲍 勃"}
        rows = Edits(folder.edits).applied(WHOLE.segments)
        assert [each.text for each in rows] == ["请找章三。", "我就是。", "好的再会。"]
        assert rows[0].original == WHOLE.segments[0]
        lost = [(each.name, each.zh, each.en) for each in made.diagnostics]
        assert [name for name, _, _ in lost] == ["live_name_lost", "live_correction_lost"]
        assert all("谁" in text for text in lost[0][1:])
        assert all("好的，下回见。" in text and "0:09" in text for text in lost[1][1:])


def test_two_names_for_one_person_are_not_one_lost_silently(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    changes = LiveChanges(folder.live_changes)
    changes.rename("S1", "安")
    changes.rename("S2", "鲍勃")
    alone = Transcript("a.wav", 13_000, (row(0, 13, "都是我说的。", "S1"),), speakers=(Speaker("S1"),))
    made = carry_over(folder, alone)
    assert People.read(folder.people).now.names == {"S1": "安"}
    assert ["鲍勃" in each.zh for each in made.diagnostics] == [True]


def test_without_changes_nothing_is_written(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    assert carry_over(folder, WHOLE) is WHOLE
    assert [path.name for path in tmp_path.iterdir()] == ["live.jsonl"]


def test_what_cannot_be_read_of_the_changes_costs_no_record(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    lines = [{"speaker": "S1", "name": "安"}, {"start_ms": "x", "end_ms": None}, [1], {"name": 3}]
    folder.live_changes.write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"spea', "utf-8")
    folder.live_rows.write_text('{"row": 5}\n', "utf-8")
    assert [each.name for each in carry_over(folder, WHOLE).diagnostics] == ["live_name_lost"]
