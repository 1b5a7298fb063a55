"""Rows that are split, joined, changed at a version that is past, undone and made again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sensevoice.errors import BadRequest
from sensevoice.jobs.editing.corrections import Correction, corrected
from sensevoice.jobs.editing.edits import Change, Edits
from sensevoice.jobs.editing.splitting import join, split
from sensevoice.tags.word_times import word_places
from sensevoice.transcript import Replacement, Segment, Span, Word

ROW = Segment(
    "speech",
    Span(0, 4_000),
    "好的 thank you",
    language="zh",
    words=(
        Word("好", Span(0, 500)),
        Word("的", Span(500, 1_000)),
        Word("thank", Span(1_500, 2_500)),
        Word("you", Span(2_500, 4_000)),
    ),
)
NEXT = Segment("speech", Span(5_000, 6_000), "再见。", language="zh")


def after(rows: list[Segment], changes: list[Change], path: Path) -> list[Segment]:
    edits = Edits(path / "edits.jsonl")
    edits.make(changes)
    return edits.applied(rows)


def test_words_stand_where_they_are_in_the_text() -> None:
    assert word_places(ROW) == [
        (0, 500, 0, 1),
        (500, 1_000, 1, 1),
        (1_500, 2_500, 3, 5),
        (2_500, 4_000, 9, 3),
    ]
    assert word_places(replace(ROW, text="好 you")) == [(0, 500, 0, 1), (2_500, 4_000, 2, 3)]


def test_a_row_is_split_at_the_word_and_joined_again(tmp_path: Path) -> None:
    first, second, last = after([ROW, NEXT], split([ROW, NEXT], 0, 3), tmp_path)
    assert (first.text, first.span, len(first.words)) == ("好的", Span(0, 1_500), 2)
    assert (second.text, second.span, len(second.words)) == ("thank you", Span(1_500, 4_000), 2)
    assert first.original == second.original == ROW and last == NEXT
    (tmp_path / "edits.jsonl").unlink()
    rows = [first, second, last]
    whole, _ = after(rows, join(rows, 0), tmp_path)
    assert (whole.text, whole.span, whole.words) == ("好的thank you", ROW.span, ROW.words)


def test_the_next_row_of_the_same_channel_is_joined(tmp_path: Path) -> None:
    rows = [replace(ROW, channel="left"), replace(NEXT, channel="right"), replace(NEXT, channel="left")]
    joined = after(rows, join(rows, 0), tmp_path)
    assert [row.text for row in joined] == ["好的 thank you再见。", "再见。"]


@pytest.mark.parametrize("offset", [0, 12, 99])
def test_nothing_is_split_off_at_the_ends(offset: int) -> None:
    with pytest.raises(BadRequest):
        split([ROW], 0, offset)
    with pytest.raises(BadRequest):
        join([ROW], 0)


def test_undo_and_redo_go_in_order_and_a_new_change_ends_the_redoing(tmp_path: Path) -> None:
    edits = Edits(tmp_path / "edits.jsonl")
    one, two = replace(NEXT, text="一"), replace(NEXT, text="二")
    edits.make([Change(one, 0)], "edit")
    edits.make([Change(two, 0)], "replace")
    undone = edits.undo()
    assert undone and undone.what == "replace"
    assert Edits(tmp_path / "edits.jsonl").applied([NEXT])[0].text == "一", "it is on disk"
    redone = edits.redo()
    assert redone == undone and edits.applied([NEXT])[0].text == "二"
    assert edits.redo() is None
    edits.undo()
    edits.make([Change(replace(NEXT, text="三"), 0)])
    assert edits.redo() is None and edits.applied([NEXT])[0].text == "三"


def test_a_row_is_found_again_by_what_it_was_at_a_version(tmp_path: Path) -> None:
    edits = Edits(tmp_path / "edits.jsonl")
    edits.make([Change(replace(NEXT, span=Span(4_200, 4_500)))], "transcribe")  # between the two
    assert edits.number_now([ROW, NEXT], 1, 0) == 2
    assert edits.number_now([ROW, NEXT], 0, 0) == 0
    edits.make([Change(replace(NEXT, text="别的"), 2)])
    assert edits.number_now([ROW, NEXT], 1, 0) is None, "it is no longer as it was seen"
    assert edits.number_now([ROW, NEXT], 7, 0) is None


def test_terms_stay_with_their_words_when_rows_are_split_joined_and_corrected() -> None:
    first, second = Replacement("豪", "好", 0, 0.9, "sound"), Replacement("sank", "thank", 3, 0.8, "decoding")
    row = replace(ROW, terms=(first, second))
    _, left, right = split([row], 0, 3)
    assert left.segment and left.segment.terms == (first,)
    assert right.segment and right.segment.terms == (replace(second, offset=0),)
    (*_, whole) = join([left.segment, right.segment], 0)
    assert whole.segment and whole.segment.terms == (first, replace(second, offset=2))
    typed = corrected(row, Correction(text="说 thank you"))
    assert typed.terms == (replace(second, offset=2),)


def test_a_term_is_taken_back_and_applied_again() -> None:
    row = replace(ROW, terms=(Replacement("豪", "好", 0, 0.9, "sound"),))
    back = corrected(row, Correction(terms=(0,)))
    assert (back.text, back.words[0].text) == ("豪的 thank you", "豪")
    assert corrected(back, Correction(terms=(0,))).text == ROW.text
    with pytest.raises(BadRequest, match="terms"):
        corrected(row, Correction(terms=(1,)))
