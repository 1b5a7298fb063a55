"""What must hold of whatever a model writes and however a recording is cut, tried on made-up cases."""

from __future__ import annotations

import itertools
import json
import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sensevoice.formats import FORMATS, RenderOptions, from_dict, render, to_dict
from sensevoice.segment.merge import join_spans
from sensevoice.tags.labels import EMOTION_NAMES, EVENT_NAMES
from sensevoice.tags.parse import parse
from sensevoice.transcript import Event, Segment, Span, Transcript, Word
from tests.formats.office import text_of

steady = settings(
    max_examples=150, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

HOSTILE = [
    "-->",
    "\n\n",
    "<b>",
    "</v>",
    "&amp;",
    "\u202e",
    "\x0b",
    "{\\b1}",
    "=1+1",
    '"',
    "|",
    "\t",
    "😀",
    "[00:01.00]",
]

texts = st.lists(
    st.sampled_from(["你好。", "Hello there.", " ", "はい、", "그래요", "a" * 90, "字" * 70, *HOSTILE]),
    max_size=8,
).map("".join)
HOURS_MS = 10 * 3_600_000


@st.composite
def segments(draw: st.DrawFn) -> tuple[Segment, ...]:
    """Segments in order of time, without overlap, within ten hours."""
    at, made = draw(st.sampled_from([0, 90_000, 3_600_000, HOURS_MS - 200_000])), []
    for _ in range(draw(st.integers(0, 6))):
        at += draw(st.integers(0, 5_000))
        span = Span(at, at + draw(st.integers(1, 30_000)))
        at = span.end_ms
        text = draw(texts)
        speech = draw(st.booleans())
        made.append(
            Segment(
                kind="speech" if speech else "sound",
                span=span,
                text=text if speech else "",
                raw=text,
                language=draw(st.sampled_from(["zh", "en", "yue", ""])) if speech else "",
                emotion=draw(st.sampled_from(["", "NEUTRAL", *EMOTION_NAMES])),
                events=tuple(
                    Event(name)
                    for name in draw(st.lists(st.sampled_from(list(EVENT_NAMES)), max_size=2, unique=True))
                ),
                words=words_in(text, span) if speech and draw(st.booleans()) else (),
            )
        )
    return tuple(made)


def words_in(text: str, span: Span) -> tuple[Word, ...]:
    """One word a character, evenly in time, as far as whole milliseconds allow."""
    step = span.duration_ms // max(1, len(text))
    if not step:
        return ()
    starts = range(span.start_ms, span.start_ms + step * len(text), step)
    return tuple(Word(char, Span(at, at + step)) for char, at in zip(text, starts, strict=True))


def transcript_of(made: tuple[Segment, ...]) -> Transcript:
    return Transcript("客服 [1] <x>.wav", max((each.span.end_ms for each in made), default=0) + 500, made)


@steady
@given(segments())
def test_the_record_is_read_back_as_it_was(made: tuple[Segment, ...]) -> None:
    transcript = transcript_of(made)
    assert from_dict(json.loads(json.dumps(to_dict(transcript)))) == transcript


CLOCK = re.compile(r"(?:(\d+):)?(\d\d):(\d\d)[.,](\d{3}) --> (?:(\d+):)?(\d\d):(\d\d)[.,](\d{3})")


def cue_times(text: str) -> list[tuple[int, int]]:
    def ms(parts: tuple[str, ...]) -> int:
        hours, minutes, seconds, milliseconds = (int(part or 0) for part in parts)
        return ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds

    lines = [match.groups() for line in text.splitlines() if (match := CLOCK.fullmatch(line.strip()))]
    return [(ms(parts[:4]), ms(parts[4:])) for parts in lines]


@steady
@given(segments(), st.sampled_from(["srt", "vtt"]))
def test_cues_never_overlap_go_back_or_leave_the_file(made: tuple[Segment, ...], name: str) -> None:
    transcript = transcript_of(made)
    times = cue_times(render(transcript, name))
    assert all(start < end for start, end in times)
    pairs = list(itertools.pairwise(times))
    assert all(before[0] <= after[0] for before, after in pairs)
    # WebVTT shows what people on two channels say at once side by side.
    assert name == "vtt" or all(before[1] <= after[0] for before, after in pairs)
    assert all(start >= 0 and end <= transcript.duration_ms for start, end in times)
    shown = any(each.text.strip() for each in made)
    assert not shown or times or not any(char.isalnum() for each in made for char in each.text)


@steady
@given(segments(), st.sampled_from(list(FORMATS)), st.sampled_from(["zh", "en"]))
def test_every_format_takes_every_transcript(made: tuple[Segment, ...], name: str, labels: str) -> None:
    content = render(transcript_of(made), name, RenderOptions(locale=labels))
    assert isinstance(content, bytes) == FORMATS[name].binary
    text = text_of(content)
    assert text.encode("utf-8").decode("utf-8") == text


@steady
@given(
    st.sampled_from(["zh", "en", "yue", "ja", "ko"]),
    st.sampled_from(list(EMOTION_NAMES)),
    st.lists(st.sampled_from(list(EVENT_NAMES)), max_size=3, unique=True),
    st.sampled_from(
        ["你好，世界。", "Hello, world.", "はい、その通りです。", "그래요.", "a < b | c > d", "1<2"]
    ),
)
def test_what_is_composed_of_tags_is_parsed_to_them(
    language: str, emotion: str, events: list[str], text: str
) -> None:
    raw = "".join(f"<|{name}|>" for name in (language, emotion, *(events or ["Speech"]), "withitn")) + text
    result = parse(raw)
    assert (result.language, result.emotion, result.text) == (language, emotion, text)
    assert [event.name for event in result.events] == events


@steady
@given(st.text(alphabet="<|>zhABGM/ 你a.\n", max_size=60))
def test_no_text_breaks_the_parser_or_shows_a_whole_tag(raw: str) -> None:
    result = parse(raw)
    assert not re.search(r"<\|(?:zh|BGM)\|>", result.text)
    assert all(event.offset is None or 0 <= event.offset <= len(result.text) for event in result.events)


@steady
@given(
    st.lists(st.tuples(st.integers(0, 3_000), st.integers(1, 29_000)), max_size=20),
    st.sampled_from([0, 5_000, 15_000, 30_000]),
    st.sampled_from([0, 500, 1_000, 5_000]),
)
def test_joined_speech_keeps_its_limits(steps: list[tuple[int, int]], most_ms: int, gap_ms: int) -> None:
    at, spans = 0, []
    for silence_ms, length_ms in steps:
        spans.append(Span(at + silence_ms, at + silence_ms + length_ms))
        at = spans[-1].end_ms
    joined = list(join_spans(spans, most_ms, gap_ms))
    assert all(before.end_ms <= after.start_ms for before, after in itertools.pairwise(joined))
    for span in spans:
        assert any(each.start_ms <= span.start_ms and span.end_ms <= each.end_ms for each in joined)
    for each in joined:
        inside = [span for span in spans if each.start_ms <= span.start_ms and span.end_ms <= each.end_ms]
        assert each.start_ms == inside[0].start_ms and each.end_ms == inside[-1].end_ms
        assert len(inside) == 1 or each.duration_ms <= most_ms
        assert all(b.start_ms - a.end_ms <= gap_ms for a, b in itertools.pairwise(inside))
