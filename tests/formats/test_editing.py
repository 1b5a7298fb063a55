"""What video editors are given is frame-exact at the file's own rate; timecodes are read here by hand."""

from __future__ import annotations

import re
from fractions import Fraction
from xml.etree import ElementTree

import opentimelineio as otio
import pytest

from sensevoice.errors import OptionError
from sensevoice.formats import RenderOptions, render
from sensevoice.formats.timecode import FrameClock, frame_rate
from sensevoice.transcript import Event, Media, Segment, Span, Transcript

RATES = ("24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001", "60")
CODE = r"\d\d:\d\d:\d\d[:;]\d\d"


def number(code: str, rate: Fraction) -> int:
    """Count the frames up to a timecode, minute by minute as the standard describes it."""
    hours, minutes, seconds, frames = map(int, re.split("[:;]", code))
    nominal = round(rate)
    total = 0
    for minute in range(hours * 60 + minutes):
        total += 60 * nominal
        if ";" in code and minute % 10 != 9:  # the minute that follows begins with numbers left out
            total -= nominal // 15
    return total + seconds * nominal + frames


def laughing(*starts_ms: int, rate: str = "", timecode: str = "") -> Transcript:
    segments = tuple(
        Segment("speech", Span(ms, ms + 1500), "好笑", events=(Event("Laughter", None, 0),))
        for ms in starts_ms
    )
    return Transcript("a.mp4", 7_300_000, segments, media=Media(frame_rate=rate, timecode=timecode))


STARTS_MS = (1_000, 599_999, 633_033, 3_600_000, 7_199_990)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("first", ["", "01:00:00:00", "10:09:59:20"])
def test_an_edl_is_frame_exact_for_two_hours(rate: str, first: str) -> None:
    exact = Fraction(rate)
    text = render(laughing(*STARTS_MS, rate=rate, timecode=first), "edl")
    zero = number(first, exact) if first else 0
    cuts = [re.findall(CODE, line) for line in text.splitlines() if re.match(r"\d{3}  ", line)]
    assert len(cuts) == len(STARTS_MS)
    for start_ms, (begin, end, _, _) in zip(STARTS_MS, cuts, strict=True):
        assert number(begin, exact) - zero == start_ms * exact // 1000
        assert number(end, exact) - zero == -(-(start_ms + 1500) * exact // 1000)
    drops = not first and exact.denominator == 1001 and round(exact) % 30 == 0
    assert ("FCM: DROP FRAME" in text) == drops == (";" in cuts[0][0])


def test_one_hour_of_drop_frame_is_an_hour_on_the_wall() -> None:
    clock = FrameClock.of(Fraction(30000, 1001), "")
    assert clock.timecode(clock.frame(3_600_000)) == "01:00:00;00"
    assert clock.code(1799) == "00:00:59;29" and clock.code(1800) == "00:01:00;02"
    assert clock.code(17_982) == "00:10:00;00"
    fast = FrameClock.of(Fraction(60000, 1001), "")
    assert fast.code(3599) == "00:00:59;59" and fast.code(3600) == "00:01:00;04"


@pytest.mark.parametrize("rate", RATES)
def test_codes_and_numbers_agree(rate: str) -> None:
    for drop in {False, FrameClock.of(Fraction(rate), "").drop}:
        clock = FrameClock(Fraction(rate), drop)
        for frame in (0, 1, 1799, 1800, 1801, 17_981, 17_982, 107_892, 215_784, 1_000_000):
            assert clock.number(clock.code(frame)) == frame == number(clock.code(frame), Fraction(rate))


@pytest.mark.parametrize("rate", RATES)
def test_markers_for_resolve(rate: str) -> None:
    exact = Fraction(rate)
    text = render(laughing(*STARTS_MS, rate=rate), "markers_edl", RenderOptions(locale="en"))
    result = re.findall(
        rf"({CODE}) ({CODE}) {CODE} {CODE}\n好笑\n \|C:ResolveColorYellow \|M:laughter \|D:(\d+)", text
    )
    assert len(result) == len(STARTS_MS)
    hour = number("01:00:00;00" if ";" in result[0][0] else "01:00:00:00", exact)
    for start_ms, (begin, after, length) in zip(STARTS_MS, result, strict=True):
        frame = start_ms * exact // 1000
        assert number(begin, exact) - hour == frame == number(after, exact) - hour - 1
        assert int(length) == -(-(start_ms + 1500) * exact // 1000) - frame


@pytest.mark.parametrize("rate", RATES)
def test_markers_for_premiere_and_final_cut(rate: str) -> None:
    exact = Fraction(rate)
    text = render(laughing(*STARTS_MS, rate=rate, timecode="01:00:00:00"), "markers_xml")
    sequence = ElementTree.fromstring(text).find("sequence")
    assert sequence is not None
    assert sequence.findtext("rate/timebase") == str(round(exact))
    assert sequence.findtext("rate/ntsc") == ("TRUE" if exact.denominator == 1001 else "FALSE")
    assert sequence.findtext("timecode/string") == "01:00:00:00"
    assert sequence.findtext("timecode/frame") == str(3600 * round(exact))
    markers = [(int(each.findtext("in") or -1), each.findtext("comment")) for each in sequence.iter("marker")]
    assert markers == [(ms * exact // 1000, "好笑") for ms in STARTS_MS]


def test_handles_and_kinds() -> None:
    clap = Segment("sound", Span(5_000, 6_000), events=(Event("Applause"),))
    transcript = Transcript("a", 6_200, (*laughing(200).segments, clap))
    text = render(transcript, "edl", RenderOptions(handles_s=1.0, kinds=("applause",)))
    (cut,) = [re.findall(CODE, line) for line in text.splitlines() if re.match(r"\d{3}  ", line)]
    assert cut[:2] == ["00:00:04:00", "00:00:06:05"]
    both = render(transcript, "edl", RenderOptions(handles_s=1.0))
    assert "00:00:00:00" in both and both.count("AA/V") == 2


def test_what_is_asked_for_goes_before_what_the_file_says() -> None:
    options = RenderOptions(fps="23.976", start_timecode="02:00:00:00")
    text = render(laughing(1000, rate="25", timecode="01:00:00:00"), "edl", options)
    assert "02:00:00:23" in text and "* FRAME RATE: 23.976" in text


def test_handles_and_kinds_hold_in_label_tracks_and_kinds_in_tables() -> None:
    clap = Segment("sound", Span(5_000, 6_000), events=(Event("Applause"),))
    transcript = Transcript("a", 9_000, (*laughing(200).segments, clap))
    options = RenderOptions(handles_s=1.0, kinds=("applause",), locale="en")
    assert render(transcript, "highlights_labels", options) == "4.000000\t7.000000\tapplause\n"
    table = render(transcript, "highlights_csv", options)
    assert "applause" in table and "laughter" not in table


@pytest.mark.parametrize("wrong", [{"fps": "x"}, {"fps": "0"}, {"handles_s": -1.0}, {"kinds": ("joy",)}])
def test_wrong_options(wrong: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        RenderOptions(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("code", ["1:0:0:0", "00:00:00:25", "nonsense"])
def test_a_wrong_timecode(code: str) -> None:
    with pytest.raises(OptionError):
        render(laughing(1000), "edl", RenderOptions(start_timecode=code))


def test_rates_by_their_names() -> None:
    assert frame_rate("29.97") == Fraction(30000, 1001)
    assert frame_rate("30000/1001") == Fraction(30000, 1001)


def test_who_speaks_is_told_where_there_are_several() -> None:
    left = Segment("speech", Span(0, 2000), "你好", channel="left")
    right = Segment("speech", Span(3000, 5000), "您好", channel="right")
    both, one = Transcript("a", 5000, (left, right)), Transcript("a", 5000, (left,))
    assert "左：你好" in render(both, "srt") and "右：您好" in render(both, "lrc")
    assert "left: 你好" in render(both, "srt", RenderOptions(locale="en"))
    assert "- 您好" in render(both, "srt", RenderOptions(names="dash"))
    for quiet in (render(one, "srt"), render(both, "srt", RenderOptions(names="none"))):
        assert "左" not in quiet and "- " not in quiet


@pytest.mark.parametrize("rate", RATES)
def test_an_edl_is_read_back_frame_exact_by_opentimelineio(rate: str) -> None:
    exact = Fraction(rate)
    text = render(laughing(*STARTS_MS, rate=rate), "edl")
    (picture,) = otio.adapters.read_from_string(text, "cmx_3600", rate=float(exact)).video_tracks()
    clips = list(picture.find_clips())
    assert [clip.source_range.start_time.value for clip in clips] == [ms * exact // 1000 for ms in STARTS_MS]
    assert [clip.source_range.end_time_exclusive().value for clip in clips] == [
        -(-(ms + 1500) * exact // 1000) for ms in STARTS_MS
    ]
    markers = render(laughing(*STARTS_MS, rate=rate), "markers_edl")
    events = otio.adapters.read_from_string(markers, "cmx_3600", rate=float(exact)).find_clips()
    assert len(list(events)) == len(STARTS_MS)


@pytest.mark.parametrize("rate", RATES)
def test_markers_are_read_back_by_opentimelineio(rate: str) -> None:
    exact = Fraction(rate)
    text = render(laughing(*STARTS_MS, rate=rate, timecode="01:00:00:00"), "markers_xml")
    timeline = otio.adapters.read_from_string(text, "fcp_xml")
    ranges = [marker.marked_range for marker in timeline.tracks.markers]
    assert [each.start_time.value for each in ranges] == [ms * exact // 1000 for ms in STARTS_MS]
    assert {each.start_time.rate for each in ranges} == {float(exact)}
    assert timeline.global_start_time.value == 3600 * round(exact)
