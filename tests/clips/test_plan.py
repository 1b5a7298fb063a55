"""Where clips begin and end, and what is said at which time of a reel."""

from __future__ import annotations

from pathlib import Path

import pytest

from sensevoice.clips.model import Clip, CutSettings, Take
from sensevoice.clips.plan import joined, pauses, planned
from sensevoice.clips.subtitles import on_the_reel
from sensevoice.errors import NothingToCut, OptionError
from sensevoice.formats import render
from sensevoice.transcript import Event, Piece, Segment, Span, Speaker, Transcript, Word


def row(start_ms: int, end_ms: int, text: str = "好", **more: object) -> Segment:
    return Segment("speech", Span(start_ms, end_ms), text, **more)  # type: ignore[arg-type]


def take(
    *rows: Segment, wanted: tuple[tuple[int, int], ...], duration_ms: int = 60_000, **more: object
) -> Take:
    transcript = Transcript("a.mp3", duration_ms, rows, **more)  # type: ignore[arg-type]
    return Take(Path("a.mp3"), "a.mp3", transcript, tuple(Span(*each) for each in wanted))


def spans(*takes: Take, **settings: object) -> list[tuple[int, int, int]]:
    clips = planned(takes, CutSettings(**settings))  # type: ignore[arg-type]
    return [(clip.span.start_ms, clip.span.end_ms, clip.at_ms) for clip in clips]


def test_clips_follow_each_other_on_the_clock_of_a_reel_and_begin_anew_in_files_of_their_own() -> None:
    one = take(row(1_000, 3_000), row(9_000, 9_500), wanted=((9_000, 9_500), (1_000, 3_000)))
    other = take(row(0, 5_000), wanted=((0, 5_000),))
    assert spans(one, other, handles_s=0) == [(1_000, 3_000, 0), (9_000, 9_500, 2_000), (0, 5_000, 2_500)]
    assert [at for _, _, at in spans(one, other, handles_s=0, form="clips")] == [0, 0, 0]


def test_handles_end_at_the_recording_and_what_overlaps_is_one_clip_in_a_reel_alone() -> None:
    near = take(row(500, 1_000), row(2_500, 3_000), wanted=((500, 1_000), (2_500, 3_000)), duration_ms=3_500)
    assert spans(near, handles_s=1) == [(0, 3_500, 0)]
    assert spans(near, handles_s=1, form="clips") == [(0, 2_000, 0), (1_500, 3_500, 0)]
    assert joined([Span(0, 10), Span(260, 300), Span(551, 600)]) == [Span(0, 300), Span(551, 600)]


def test_an_end_in_the_middle_of_speech_moves_to_the_nearest_pause_if_one_is_near() -> None:
    words = (Word("退", Span(3_000, 3_700)), Word("款", Span(3_900, 5_000)))
    speech = row(3_000, 5_000, "退款", words=words)
    assert pauses(take(speech, wanted=(), duration_ms=6_000).transcript) == [
        Span(0, 3_000),
        Span(3_700, 3_900),
        Span(5_000, 6_000),
    ]
    wanted = take(row(1_000, 2_000), speech, wanted=((1_000, 2_000),))
    assert spans(wanted, handles_s=1.5) == [(0, 3_700, 0)]
    assert spans(wanted, handles_s=2.4) == [(0, 4_400, 0)], "neither a pause nor a border of words is near"
    close = (Word("退", Span(3_000, 3_700)), Word("款", Span(3_700, 5_000)))
    between = take(row(1_000, 2_000), row(3_000, 5_000, "退款", words=close), wanted=((1_000, 2_000),))
    assert spans(between, handles_s=1.5) == [(0, 3_700, 0)], "between two words"
    pieces = row(3_000, 9_000, pieces=(Piece(Span(3_000, 4_000)), Piece(Span(4_300, 9_000))))
    assert spans(take(row(1_000, 2_000), pieces, wanted=((1_000, 2_000),)), handles_s=2.2) == [(0, 4_200, 0)]


def test_what_is_wanted_itself_is_never_cut() -> None:
    overlapping = take(row(0, 10_000), row(4_000, 5_000), wanted=((4_000, 5_000),))
    assert spans(overlapping, handles_s=0) == [(4_000, 5_000, 0)]


def test_a_clip_is_named_by_who_and_what_is_heard() -> None:
    people = (Speaker("S1", "客户"), Speaker("S2", "客服"))
    angry = row(0, 1_000, "退款！", emotion="ANGRY", speaker="S1", events=(Event("Laughter"),))
    plain = row(5_000, 6_000, "好的\n=1", speaker="S2")
    clips = planned([take(angry, plain, wanted=((0, 1_000), (5_000, 6_000)), speakers=people)], CutSettings())
    assert [clip.title for clip in clips] == ["客户 · 愤怒 · 笑声", "客服 好的 =1"]
    (empty,) = planned([take(wanted=((0, 500),))], CutSettings(locale="en"))
    assert empty.title == "Clip"


def test_nothing_and_far_too_much_are_sentences() -> None:
    beyond = take(row(0, 1_000), wanted=((70_000, 80_000),))
    many = take(wanted=tuple((n * 1_000, n * 1_000 + 400) for n in range(2_001)), duration_ms=9_000_000)
    for wrong in ([], [beyond], [take(wanted=())], [many]):
        with pytest.raises(NothingToCut):
            planned(wrong, CutSettings(handles_s=0))
    for name, value in {
        "media": "exe",
        "form": "x",
        "subtitles": ("x",),
        "handles_s": 61,
        "locale": "fr",
    }.items():
        with pytest.raises(OptionError):
            CutSettings(**{name: value})  # type: ignore[arg-type]


def test_rows_of_a_reel_are_on_its_clock_and_cut_to_the_words_that_are_heard() -> None:
    words = tuple(Word(char, Span(2_000 + 500 * n, 2_500 + 500 * n)) for n, char in enumerate("一二三四"))
    first = take(row(0, 900, "零"), row(2_000, 4_000, "一二三四", words=words), wanted=())
    clips = [Clip(0, Span(100, 950), 0, ""), Clip(0, Span(2_400, 3_600), 850, "")]
    made = on_the_reel(clips, [first], "reel")
    assert [(each.span, each.text) for each in made.segments] == [
        (Span(0, 800), "零"),
        (Span(850, 2_050), "二三"),
    ]
    assert [word.span for word in made.segments[1].words] == [Span(950, 1_450), Span(1_450, 1_950)]
    assert made.duration_ms == 2_050
    hardly = on_the_reel([Clip(0, Span(700, 2_100), 0, "")], [first], "reel")
    assert hardly.segments == (), "neither has a word, or most of the row, in it"


def test_people_of_several_recordings_stay_apart() -> None:
    names = ("客户", "客服")
    takes = [
        take(row(0, 1_000, f"我是{name}", speaker="S1"), wanted=(), speakers=(Speaker("S1", name),))
        for name in names
    ]
    clips = [Clip(number, Span(0, 1_000), 1_000 * number, "") for number in range(2)]
    text = render(on_the_reel(clips, takes, "reel"), "srt")
    assert "客户：我是客户" in text and "客服：我是客服" in text and "00:00:01,000 --> 00:00:02,000" in text
