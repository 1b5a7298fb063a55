"""Coloured subtitles, voices, and captions for the deaf and hard of hearing."""

from __future__ import annotations

import re

import pytest
import srt
import webvtt

from sensevoice.formats import RenderOptions, render
from sensevoice.formats.captions import Note, with_notes
from sensevoice.formats.colours import EMOTION_COLOURS
from sensevoice.formats.cues import Cue, cues
from sensevoice.tags.labels import EMOTION_NAMES
from sensevoice.transcript import Event, Segment, Span, Transcript, Word

HOUR_MS = 3_600_000
STARTS_MS = (90_000, HOUR_MS, 10 * HOUR_MS)
NAME = "通话[1] {客户} “甲”.mp4"


def record(*segments: Segment) -> Transcript:
    return Transcript(NAME, 12 * HOUR_MS, segments)


def spoken(start_ms: int, text: str = "好。", emotion: str = "", channel: str | None = None) -> Segment:
    return Segment("speech", Span(start_ms, start_ms + 1500), text, emotion=emotion, channel=channel)


def read_ass(text: str) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Return the colour of each style and the fields of each dialogue line, by the Format lines."""
    section, names, styles, events = "", [""], {}, []
    for line in filter(None, text.splitlines()):
        key, _, value = line.partition(": ")
        if line.startswith("["):
            section = line
        elif key == "Format":
            names = value.split(", ")
        elif key == "Style":
            row = dict(zip(names, value.split(","), strict=True))
            styles[row["Name"]] = row["PrimaryColour"]
        elif key == "Dialogue":
            assert section == "[Events]"
            events.append(dict(zip(names, value.split(",", len(names) - 1), strict=True)))
    return styles, events


def ass_ms(clock: str) -> int:
    result = re.fullmatch(r"(\d+):([0-5]\d):([0-5]\d)\.(\d\d)", clock)
    assert result
    hours, minutes, seconds, hundredths = map(int, result.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + hundredths * 10


def test_ass_has_a_colour_for_each_emotion_that_occurs() -> None:
    segments = [spoken(start_ms, emotion="ANGRY", channel="left") for start_ms in STARTS_MS]
    styles, events = read_ass(render(record(*segments, spoken(11 * HOUR_MS, emotion="NEUTRAL")), "ass"))
    assert styles == {"Default": "&H00FFFFFF", "Angry": "&H005C7AFF"}  # blue, green, red
    assert [ass_ms(event["Start"]) for event in events[:3]] == list(STARTS_MS)
    assert [ass_ms(event["End"]) for event in events[:3]] == [start_ms + 1500 for start_ms in STARTS_MS]
    assert [(event["Style"], event["Name"]) for event in events[2:]] == [("Angry", "左"), ("Default", "")]


@pytest.mark.parametrize("text", ["a, b, c", "{\\an8}上", "C:\\new\\Next", "{\\p1}m 0 0{\\p0}", "“好”[笑]"])
def test_text_that_looks_like_ass_markup_stays_text(text: str) -> None:
    _, events = read_ass(render(record(spoken(0, text)), "ass"))
    shown = events[0]["Text"].translate(str.maketrans("｛｝＼", "{}\\"))
    assert shown == text
    assert not re.search(r"[{}\\]", events[0]["Text"])


def test_ass_has_two_lines_for_a_long_sentence_and_no_time_that_is_empty() -> None:
    _, events = read_ass(render(record(spoken(0, "大家好，欢迎收听今天的节目，我们今天来谈谈天气。")), "ass"))
    assert events[0]["Text"].count("\\N") == 1
    short = Segment("speech", Span(1001, 1003), "嗯")
    _, events = read_ass(render(record(short), "ass"))
    assert (events[0]["Start"], events[0]["End"]) == ("0:00:01.00", "0:00:01.83")
    assert read_ass(render(record(), "ass"))[1] == []


def test_vtt_has_a_class_for_each_emotion_and_a_voice_for_each_channel() -> None:
    segments = [spoken(start_ms, "a < b & “好”", "HAPPY", "right") for start_ms in STARTS_MS]
    text = render(record(*segments, spoken(11 * HOUR_MS, emotion="SAD")), "vtt")
    result = webvtt.from_string(text)
    assert [style.text for style in result.styles] == [
        "::cue(.happy) { color: #ffc53d; }\n::cue(.sad) { color: #7cb7ff; }"
    ]
    assert result[0].raw_text == "<v 右><c.happy>a &lt; b &amp; “好”</c></v>"
    assert [(cue.voice, cue.start) for cue in result[:3]] == [
        ("右", "00:01:30.000"),
        ("右", "01:00:00.000"),
        ("右", "10:00:00.000"),
    ]
    assert result[3].raw_text == "<c.sad>好。</c>"


def test_vtt_without_emotions_has_no_style() -> None:
    assert "STYLE" not in render(record(spoken(0, emotion="NEUTRAL")), "vtt")


def test_every_emotion_has_a_colour_that_can_be_read_on_black() -> None:
    assert set(EMOTION_COLOURS) == set(EMOTION_NAMES)
    for rgb in EMOTION_COLOURS.values():
        linear = [(part / 255 + 0.055) ** 2.4 / 1.055**2.4 for part in rgb]  # WCAG 2, relative luminance
        assert (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05) / 0.05 >= 7
    assert len(set(EMOTION_COLOURS.values())) == len(EMOTION_COLOURS)


def captioned(*segments: Segment, labels: str = "zh") -> list[tuple[int, int, str]]:
    result = srt.parse(render(record(*segments), "srt", RenderOptions(locale=labels, captions=True)))
    return [
        (int(cue.start.total_seconds() * 1000), int(cue.end.total_seconds() * 1000), cue.content)
        for cue in result
    ]


def with_events(text: str, *events: Event, start_ms: int = 0, length_ms: int = 2000) -> Segment:
    kind = "speech" if text else "sound"
    return Segment(kind, Span(start_ms, start_ms + length_ms), text, events=events)  # type: ignore[arg-type]


def test_captions_name_the_sounds_where_they_stand_in_the_speech() -> None:
    talk = with_events("你好今天", Event("Applause"), Event("Laughter", offset=2))
    assert captioned(talk) == [(0, 2000, "[掌声] 你好 [笑声] 今天")]
    assert captioned(talk, labels="en") == [(0, 2000, "[applause] 你好 [laughter] 今天")]
    assert [cue[2] for cue in captioned(with_events("Yes.", Event("Cough", offset=4)), labels="en")] == [
        "Yes. [cough]"
    ]


def test_music_is_named_once_a_run() -> None:
    rising = Event("BGM", "rising")
    segments = [
        with_events("", rising),
        with_events("", Event("BGM"), start_ms=2000),
        with_events("好。", Event("BGM"), start_ms=4000),
        with_events("吧。", start_ms=6000),
        with_events("是。", Event("BGM"), start_ms=8000),
        with_events("", Event("BGM"), start_ms=20_001),
    ]
    assert captioned(*segments) == [
        (0, 2000, "♪ 背景音乐渐强 ♪"),
        (4000, 6000, "好。"),
        (6000, 8000, "吧。"),
        (8000, 10_000, "♪ 背景音乐 ♪ 是。"),
        (20_001, 22_001, "♪ 背景音乐 ♪"),
    ]


def test_what_is_sung_stands_between_notes() -> None:
    song = with_events("两只老虎", Event("Sing"), Event("BGM"))
    assert captioned(song, with_events("", Event("Sing"), start_ms=2000)) == [
        (0, 2000, "♪ 两只老虎 ♪"),
        (2000, 4000, "♪ 歌声 ♪"),
    ]


def test_captions_say_that_a_segment_failed_and_show_nothing_for_nothing() -> None:
    failed = Segment("speech", Span(0, 1000), error="x", events=(Event("Laughter"),))
    assert captioned(failed, with_events("", start_ms=2000)) == [(0, 1000, "[识别失败]")]


def test_the_names_of_sounds_do_not_move_the_words() -> None:
    text = "one two three four"
    words = tuple(
        Word(word, Span(place * 3000, place * 3000 + 500)) for place, word in enumerate(text.split())
    )
    segment = Segment(
        "speech",
        Span(0, 12_000),
        text,
        words=words,
        events=(Event("Laughter", offset=7), Event("Applause", offset=18)),
    )
    plain = cues(record(segment), "en")
    named = cues(record(segment), "en", captions=True)
    assert [cue.span for cue in named] == [cue.span for cue in plain]
    assert [cue.lines[0] for cue in named] == ["one", "two", "[laughter] three", "four [applause]"]


def test_captions_keep_to_two_lines() -> None:
    text = "This is what we know, and what we do not. " * 6
    events = tuple(Event("Laughter", offset=place) for place in range(0, 240, 21))
    result = cues(record(with_events(text.strip(), *events, length_ms=30_000)), "en", captions=True)
    assert sum("[laughter]" in line for cue in result for line in cue.lines) > 3
    assert all(len(cue.lines) <= 2 and max(map(len, cue.lines)) <= 42 for cue in result)


def test_without_captions_speech_names_no_sounds() -> None:
    assert cues(record(with_events("好", Event("Laughter"))), "zh") == [Cue(Span(0, 2000), ("好",))]


def test_notes_keep_the_place_of_every_character() -> None:
    noted = with_notes("ab", [Note(0, "[x]"), Note(1, "[y]"), Note(2, "[z]")])
    assert noted.text == "[x] a [y] b [z]"
    assert len(noted.places) == len(noted.text)
    assert [noted.places[noted.text.index(char)] for char in "ab"] == [0, 1]
    assert with_notes("", ()).text == ""


def test_the_sign_that_opens_never_ends_a_line_and_the_one_that_closes_never_begins_one() -> None:
    text = "You never. Know until you try, they say"
    for offset in (0, 10, 15, 21, 25, 30, 35, len(text)):
        shown = cues(record(with_events(text, Event("BGM", "rising", offset))), "en", captions=True)
        lines = [line for cue in shown for line in cue.lines]
        assert " ".join(lines).count("♪ background music, growing louder ♪") == 1
        assert not [line for line in lines if line.startswith("♪") and not line.startswith("♪ background")]
        assert not [line for line in lines if line.endswith("♪") and not line.endswith("louder ♪")]
    chinese = cues(record(with_events("你好今天天气真好", Event("BGM", None, 4))), "zh", captions=True)
    assert chinese[0].lines == ("你好今天 ♪ 背景音乐 ♪ 天气真好",)
    sung = cues(record(with_events(f"{'la ' * 13}lalala", Event("Sing"))), "en", captions=True)
    assert sung[0].lines[0].startswith("♪ la") and sung[-1].lines[-1].endswith("lalala ♪")


def test_a_sign_beside_a_word_as_wide_as_a_line_stands_alone() -> None:
    shown = cues(record(with_events("a" * 42, Event("Sing"))), "en", captions=True)
    assert [line for cue in shown for line in cue.lines][:2] == ["♪", "a" * 42]


def test_music_that_the_model_names_twice_is_named_once() -> None:
    twice = with_events("你好今天", Event("BGM"), Event("BGM", offset=2))
    assert captioned(twice) == [(0, 2000, "♪ 背景音乐 ♪ 你好今天")]
