"""The views that are text to read."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from sensevoice.errors import MissingDependency, OptionError
from sensevoice.formats import VIEWS, RenderOptions, render, render_view
from sensevoice.formats.tagged import tagged_lines
from sensevoice.tags import parse
from sensevoice.transcript import Event, Segment, Span, Transcript, Trend


def speech(raw: str, start_ms: int = 0, end_ms: int = 2000, channel: str | None = None) -> Segment:
    read = parse.parse(raw)
    return Segment(
        "speech",
        Span(start_ms, end_ms),
        read.text,
        raw,
        read.language,
        read.emotion,
        read.events,
        read.inline,
        channel=channel,
    )


def sound(
    name: str, start_ms: int, end_ms: int, trend: Trend | None = None, channel: str | None = None
) -> Segment:
    raw = f"<|nospeech|><|EMO_UNKNOWN|><|{name}|><|woitn|>"
    events = (Event(name, trend),)
    return Segment("sound", Span(start_ms, end_ms), raw=raw, events=events, channel=channel)


def transcript(*segments: Segment) -> Transcript:
    return Transcript("a.wav", 60_000, segments)


def tagged(*segments: Segment, labels: str = "zh") -> list[str]:
    return render_view(transcript(*segments), "tagged", labels).splitlines()


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ("<|zh|><|ANGRY|><|Speech|><|withitn|>这都第几天了？", "[中文] [愤怒] 这都第几天了？"),
        (
            "<|zh|><|HAPPY|><|BGM|><|withitn|>好的，我马上为您处理！",
            "[中文] [开心] 好的，我马上为您处理！ (背景音乐)",
        ),
        (
            "<|zh|>你好<|HAPPY|>今天天气真好<|LAUGHTER|><|BGM|>欢迎收听我们的节目",
            "[中文] 你好 [开心] 今天天气真好 (笑声) (背景音乐) 欢迎收听我们的节目",
        ),
        ("<|nospeech|><|EMO_UNKNOWN|><|Applause|><|woitn|>", "(掌声)"),
        ("<|en|><|NEUTRAL|><|Speech|><|withitn|>The. End.", "[英文] The. End."),
        ("<|zh|><|HAPPY|>好<|HAPPY|>的", "[中文] [开心] 好 [开心] 的"),
        ("<|zh|><|NEUTRAL|>好<|SAD|>的", "[中文] 好 [悲伤] 的"),
        ("<|zh|><|en|>好 ok", "[中文] [英文] 好 ok"),
        ("<|zh|>好<|en|>ok<|Laughter|>", "[中文] 好 [英文] ok (笑声)"),
        ("<|en|>well<|Burst_laughter|> then<|/BGM|>", "[英文] well then"),
        ("<|zh|><|BGM|>哈哈<|Laughter|>", "[中文] 哈哈 (笑声) (背景音乐)"),
        ("<|zh|><|SAD|><|Cry|><|woitn|>", "[中文] [悲伤] (哭声)"),
    ],
)
def test_a_segment_is_one_line(raw: str, line: str) -> None:
    assert tagged(speech(raw)) == [line]


def test_the_line_in_english() -> None:
    raw = "<|zh|>你好<|HAPPY|>今天天气真好<|LAUGHTER|><|BGM|>欢迎收听我们的节目"
    assert tagged(speech(raw), labels="en") == [
        "[Chinese] 你好 [happy] 今天天气真好 (laughter) (background music) 欢迎收听我们的节目"
    ]


@pytest.mark.parametrize("raw", ["<|nospeech|><|EMO_UNKNOWN|><|Event_UNK|>", "<|zh|><|NEUTRAL|><|Speech|>"])
def test_where_nothing_was_said_or_heard_there_is_no_line(raw: str) -> None:
    assert tagged(speech(raw)) == []


def test_sounds_after_a_line_belong_to_it() -> None:
    lines = tagged(
        speech("<|zh|><|NEUTRAL|><|Speech|><|withitn|>是产品经理说“这个需求很简单”！", 0, 4000),
        sound("Laughter", 4200, 6000),
        sound("Applause", 6500, 9000),
        sound("BGM", 9000, 15_000, "rising"),
    )
    assert lines == ["[中文] 是产品经理说“这个需求很简单”！ (笑声) (掌声) (背景音乐渐强)"]


def test_a_sound_belongs_to_the_line_up_to_one_second_after_its_end() -> None:
    message = speech("<|zh|>好", 0, 2000)
    assert tagged(message, sound("Applause", 1000, 1500)) == ["[中文] 好 (掌声)"]
    assert tagged(message, sound("Applause", 3000, 4000)) == ["[中文] 好 (掌声)"]
    assert tagged(message, sound("Applause", 3001, 4000)) == ["[中文] 好", "(掌声)"]


def test_the_end_of_a_line_moves_on_with_its_sounds() -> None:
    message = speech("<|zh|>好", 0, 2000)
    going_on = sound("Applause", 2000, 5000), sound("Applause", 5000, 9000)
    assert tagged(message, *going_on, sound("Laughter", 10_000, 11_000)) == ["[中文] 好 (掌声) (笑声)"]
    lines = tagged_lines(transcript(message, *going_on), "zh")
    assert [(line.start_ms, line.end_ms) for line in lines] == [(0, 9000)]


def test_a_sound_that_is_not_shown_does_not_lengthen_a_line() -> None:
    segments = speech("<|zh|>好", 0, 2000), sound("Event_UNK", 2000, 9000), sound("Cough", 9000, 9500)
    assert tagged(*segments) == ["[中文] 好", "(咳嗽)"]
    assert tagged(sound("Event_UNK", 0, 1000)) == []


def test_sounds_far_from_speech_share_a_line_of_their_own() -> None:
    segments = sound("BGM", 0, 2000), sound("Cough", 2500, 3000), speech("<|zh|>好", 3000, 4000)
    assert tagged(*segments) == ["(背景音乐) (咳嗽)", "[中文] 好"]


def test_a_sound_going_on_is_shown_once_with_the_trend_of_either() -> None:
    message = speech("<|zh|><|BGM|>好", 0, 2000)
    assert tagged(message, sound("BGM", 2000, 3000, "falling")) == ["[中文] 好 (背景音乐渐弱)"]
    assert tagged(sound("BGM", 0, 1000, "rising"), sound("BGM", 1000, 2000)) == ["(背景音乐渐强)"]
    between = sound("BGM", 0, 1000), sound("Cough", 1000, 2000), sound("BGM", 2000, 3000)
    assert tagged(*between) == ["(背景音乐) (咳嗽) (背景音乐)"]


def test_channels_are_named_and_keep_their_sounds() -> None:
    segments = (
        speech("<|zh|>您好", 0, 2000, "left"),
        speech("<|zh|><|ANGRY|>我要投诉", 1500, 3000, "right"),
        sound("Cough", 2100, 2500, channel="left"),
        sound("BGM", 9000, 9900, channel="right"),
    )
    assert tagged(*segments) == ["[左] [中文] 您好 (咳嗽)", "[右] [中文] [愤怒] 我要投诉", "[右] (背景音乐)"]
    assert tagged(*segments, labels="en")[1] == "[right] [Chinese] [angry] 我要投诉"


def test_a_failed_segment_says_where_and_why() -> None:
    failed = Segment("speech", Span(65_320, 69_000), error="out of\nmemory")
    assert tagged(failed) == ["[识别失败 00:01:05.320 → 00:01:09.000：out of memory]"]
    assert tagged(failed, labels="en") == ["[recognition failed 00:01:05.320 → 00:01:09.000: out of memory]"]
    failed_sound = Segment("sound", Span(0, 1000), error="x", channel="left")
    assert tagged(speech("<|zh|>好", 0, 900), failed_sound)[1].startswith("[左] [识别失败")


def test_the_other_views() -> None:
    record = transcript(
        speech("<|zh|><|HAPPY|><|withitn|>你好。", 65_320, 69_000),
        sound("Laughter", 69_100, 70_000),
        Segment("speech", Span(71_000, 72_000), error="x"),
        speech("<|en|><|NEUTRAL|><|withitn|>Hi.", 36_000_000, 36_001_500),
    )
    assert render_view(record, "plain") == "你好。\nHi."
    assert render_view(record, "timed", "en") == (
        "[00:01:05.320 → 00:01:10.000] [Chinese] [happy] 你好。 (laughter)\n"
        "[00:01:11.000 → 00:01:12.000] [recognition failed 00:01:11.000 → 00:01:12.000: x]\n"
        "[10:00:00.000 → 10:00:01.500] [English] Hi."
    )
    assert render_view(record, "raw") == (
        "<|zh|><|HAPPY|><|withitn|>你好。\n<|nospeech|><|EMO_UNKNOWN|><|Laughter|><|woitn|>\n"
        "<|en|><|NEUTRAL|><|withitn|>Hi."
    )


@pytest.mark.filterwarnings("ignore")  # what funasr's dependencies warn of on import
def test_the_emoji_view_is_what_funasr_makes() -> None:
    from funasr.utils.postprocess_utils import rich_transcription_postprocess

    record = transcript(
        speech("<|zh|><|HAPPY|><|BGM|><|withitn|>你好。"), speech("<|zh|><|HAPPY|><|BGM|><|withitn|>再见。")
    )
    assert render_view(record, "emoji") == rich_transcription_postprocess(record.raw) == "🎼你好。再见。😊"


@pytest.mark.filterwarnings("ignore")  # as above
def test_the_emoji_view_has_the_corrected_text() -> None:
    heard = speech("<|zh|><|HAPPY|><|Speech|><|withitn|>你号。")
    corrected = replace(heard, text="你好。", original=heard)
    sad = replace(heard, text="唉。", emotion="SAD", events=(Event("Laughter"),), original=heard)
    assert render_view(transcript(heard, corrected), "emoji") == "你号。你好。😊"
    assert render_view(transcript(sad), "emoji") == "😀唉。😔"
    added = Segment("speech", heard.span, "嗯", original=heard)
    assert render_view(transcript(added), "emoji") == "嗯"


def test_without_funasr_the_emoji_view_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "funasr.utils.postprocess_utils", None)
    with pytest.raises(MissingDependency, match="funasr"):
        render_view(transcript(), "emoji")


@pytest.mark.parametrize("view", [view for view in VIEWS if view != "emoji"])
def test_a_transcript_without_segments_is_empty_text(view: str) -> None:
    assert render_view(transcript(), view) == ""
    assert render(transcript(), "txt", RenderOptions(view)) == ""


def test_the_text_file_holds_the_chosen_view() -> None:
    record = transcript(speech("<|zh|><|HAPPY|>你好。"))
    assert render(record, "txt") == "[中文] [开心] 你好。\n"
    assert render(record, "txt", RenderOptions("plain")) == "你好。\n"


def test_unknown_names_are_refused_by_name() -> None:
    with pytest.raises(OptionError, match=r"view.*'fancy'.*tagged, emoji, plain, timed, raw"):
        render_view(transcript(), "fancy")
    with pytest.raises(OptionError, match=r"labels.*'fr'"):
        render_view(transcript(), "tagged", "fr")
    with pytest.raises(OptionError, match=r"format.*'doc'.*txt, srt, vtt, json"):
        render(transcript(), "doc")
