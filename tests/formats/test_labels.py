"""Files for editors of sound and video: TextGrid, label tracks, cut lists."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest

from sensevoice.formats import RenderOptions, render
from sensevoice.formats.edl import edl
from sensevoice.formats.timecode import FrameClock
from sensevoice.transcript import Event, Segment, Span, Transcript

HOUR_MS = 3_600_000
STARTS_MS = (90_000, HOUR_MS, 10 * HOUR_MS)
NAME = "通话[1] (客户) “甲”.mp4"
Interval = tuple[Fraction, Fraction, str]


def record(*segments: Segment, duration_ms: int = 12 * HOUR_MS) -> Transcript:
    return Transcript(NAME, duration_ms, segments)


def laughing(start_ms: int, text: str = "“好[笑]”", length_ms: int = 1500) -> Segment:
    return Segment(
        "speech", Span(start_ms, start_ms + length_ms), text, language="zh", events=(Event("Laughter"),)
    )


def read_textgrid(text: str) -> dict[str, list[Interval]]:
    """Read as Praat does: numbers and strings in their order, whatever stands between them.

    From the manual: "Praat ignores everything that is not a free-standing number, text or flag".
    """
    result = re.findall(r'"((?:[^"]|"")*)"|(?<![^\s])(-?\d+(?:\.\d+)?)(?=\s|$)|(<exists>)', text)
    values = iter(
        [
            string.replace('""', '"') if not (number or flag) else number or flag
            for string, number, flag in result
        ]
    )
    assert [next(values), next(values)] == ["ooTextFile", "TextGrid"]
    start, end, flag = Fraction(next(values)), Fraction(next(values)), next(values)
    assert (start, flag) == (0, "<exists>")
    tiers: dict[str, list[Interval]] = {}
    for _ in range(int(next(values))):
        assert next(values) == "IntervalTier"
        name = next(values)
        assert (Fraction(next(values)), Fraction(next(values))) == (start, end)
        count = int(next(values))
        tiers[name] = [(Fraction(next(values)), Fraction(next(values)), next(values)) for _ in range(count)]
    assert next(values, None) is None
    for intervals in tiers.values():
        edges = [edge for left, right, _ in intervals for edge in (left, right)]
        assert edges[0] == start and edges[-1] == end
        assert edges[1:-1:2] == edges[2::2], "there is a gap"
        assert all(left < right for left, right, _ in intervals)
    return tiers


def test_a_textgrid_has_four_tiers_without_gaps() -> None:
    segments = [laughing(start_ms) for start_ms in STARTS_MS]
    tiers = read_textgrid(render(record(*segments), "textgrid"))
    assert list(tiers) == ["text", "language", "emotion", "events"]
    for name, shown in [("text", "“好[笑]”"), ("language", "中文"), ("events", "笑声")]:
        message = [(left * 1000, right * 1000, text) for left, right, text in tiers[name] if text]
        assert message == [(start_ms, start_ms + 1500, shown) for start_ms in STARTS_MS]
    assert {text for _, _, text in tiers["emotion"]} == {""}


@pytest.mark.parametrize("text", ['他说："好"', '"', 'a""b', "1 <exists> 2", "一\n二", "xmin = 3 ! note"])
def test_quotation_marks_and_numbers_in_a_textgrid_are_text(text: str) -> None:
    tiers = read_textgrid(render(record(laughing(1000, text)), "textgrid"))
    assert tiers["text"][1][2] == text.replace("\n", " ")


def test_a_textgrid_is_whole_at_its_ends_and_without_segments() -> None:
    whole = read_textgrid(render(record(laughing(0), duration_ms=1500), "textgrid"))
    assert whole["text"] == [(0, Fraction("1.5"), "“好[笑]”")]
    assert read_textgrid(render(record(duration_ms=900), "textgrid"))["text"] == [(0, Fraction("0.9"), "")]
    assert read_textgrid(render(record(duration_ms=0), "textgrid"))["text"]
    longer = read_textgrid(render(record(laughing(0), duration_ms=1200), "textgrid"))
    assert longer["text"][-1][1] == Fraction("1.5")


def test_what_overlaps_in_a_textgrid_stays_in_order() -> None:
    parts = (laughing(0, "a", 3000), laughing(1000, "b", 1000), laughing(2000, "c", 4000))
    tier = read_textgrid(render(record(*parts, duration_ms=6000), "textgrid"))["text"]
    assert tier == [(0, 3, "a b"), (3, 6, "c")]


def test_each_channel_has_its_own_tiers() -> None:
    left = Segment("speech", Span(0, 3000), "喂", channel="left")
    right = Segment("speech", Span(1000, 2000), "您好", channel="right")
    tiers = read_textgrid(render(record(left, right, duration_ms=3000), "textgrid"))
    assert [name for name in tiers if name.startswith("text")] == ["text left", "text right"]
    assert tiers["text left"] == [(0, 3, "喂")]
    assert tiers["text right"] == [(0, 1, ""), (1, 2, "您好"), (2, 3, "")]


def read_labels(text: str) -> list[tuple[int, int, str]]:
    lines = [line.split("\t") for line in text.splitlines()]
    return [(int(Fraction(start) * 1000), int(Fraction(end) * 1000), label) for start, end, label in lines]


def test_audacity_labels() -> None:
    segments = [laughing(start_ms, "[好]\t“吧”\n") for start_ms in STARTS_MS]
    assert read_labels(render(record(*segments), "audacity")) == [
        (start_ms, start_ms + 1500, "[中文] [好] “吧” (笑声)") for start_ms in STARTS_MS
    ]
    assert read_labels(render(record(*segments), "highlights_labels", RenderOptions(locale="en"))) == [
        (start_ms, start_ms + 1500, "laughter [好] “吧”") for start_ms in STARTS_MS
    ]
    assert render(record(), "audacity") == ""


def test_a_sound_has_a_label_of_its_own() -> None:
    clap = Segment("sound", Span(1600, 3000), events=(Event("Applause"),))
    assert read_labels(render(record(laughing(0, "好"), clap), "audacity"))[1] == (1600, 3000, "(掌声)")


Cut = tuple[int, int, int, int]
_CUT = re.compile(r"(\d{3})  (\S{1,8}) +(AA/V) +C {8}" + " ".join([r"(\d\d:\d\d:\d\d:\d\d)"] * 4))


def frames(code: str, rate: int) -> int:
    hours, minutes, seconds, rest = map(int, code.split(":"))
    assert minutes < 60 and seconds < 60 and rest < rate
    return ((hours * 60 + minutes) * 60 + seconds) * rate + rest


def read_edl(text: str, rate: int = 25) -> list[tuple[Cut, list[str]]]:
    title, mode, _, *lines = text.splitlines()
    assert title.startswith("TITLE: ") and title.isascii() and len(title) <= 70
    assert mode == "FCM: NON-DROP FRAME"
    cuts: list[tuple[Cut, list[str]]] = []
    for line in lines:
        if line.startswith("* "):
            cuts[-1][1].append(line[2:])
        else:
            result = _CUT.fullmatch(line)
            assert result and int(result[1]) == len(cuts) + 1
            first, second, third, fourth = (frames(result[place], rate) for place in (4, 5, 6, 7))
            cuts.append(((first, second, third, fourth), []))
    if cuts:  # readers refuse a comment before the first event
        cuts[0][1].remove(f"FRAME RATE: {rate}")
    return cuts


def test_the_cut_list_plays_the_highlights_one_after_the_other() -> None:
    cuts = read_edl(render(record(*(laughing(start_ms) for start_ms in STARTS_MS)), "edl"))
    assert [cut[:2] for cut, _ in cuts] == [
        (ms // 40, ms // 40 + 38) for ms in STARTS_MS
    ]  # 1.5 s: 37.5 frames
    hour = 3600 * 25
    assert [cut[2:] for cut, _ in cuts] == [
        (hour + 38 * place, hour + 38 * (place + 1)) for place in range(3)
    ]
    assert cuts[0][1] == [f"FROM CLIP NAME: {NAME}", "COMMENT: 笑声 “好[笑]”"]


def test_the_cut_list_at_another_rate() -> None:
    cuts = read_edl(edl(record(laughing(90_000)), RenderOptions(fps="30")), 30)
    assert cuts[0][0] == (2700, 2745, 108_000, 108_045)


def test_a_moment_shorter_than_a_frame_lasts_one_and_a_long_text_is_cut() -> None:
    ((start, end, _, _), comments), *_ = read_edl(render(record(laughing(1000, "好\n" * 500, 1)), "edl"))
    assert (start, end) == (25, 26)
    assert max(map(len, comments)) < 250
    assert FrameClock(Fraction(25)).code(24 * 3600 * 25 + 1) == "00:00:00:01"
    assert read_edl(render(record(), "edl")) == []
