"""From pieces to rows, with a scripted model: what is asked, what is joined, and that nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sensevoice.options import Options
from sensevoice.protocols import Recognition
from sensevoice.segment.runs import Run
from sensevoice.segment.segmenter import Chunk
from sensevoice.transcribe.agreement import Clip
from sensevoice.transcribe.pipeline import recognise_spans, transcribe
from sensevoice.transcribe.rows import RowMaker
from sensevoice.transcript import Segment, Span, TagScore
from tests.fakes import FakeRecognizer, silence, tone, write_wav

HZ = {"a": 300, "b": 700, "c": 1_100, "d": 1_500}
"""Each piece of these tests is a tone by which the model knows it."""


def heard(clip: np.ndarray) -> str:
    """Return the letters of the tones of a clip, in order, with the length of each run ignored."""
    letters = ""
    for start in range(0, len(clip) - 1_600 + 1, 1_600):
        part = clip[start : start + 1_600]
        if np.abs(part).max() < 0.1:
            continue
        pitch_hz = float(np.fft.rfftfreq(1_600, 1 / 16_000)[np.abs(np.fft.rfft(part)).argmax()])
        letter = min(HZ, key=lambda name: abs(HZ[name] - pitch_hz))
        letters += letter if not letters.endswith(letter) else ""
    return letters


def said(
    text: str, language: str = "zh", emotion: str = "NEUTRAL", event: str = "Speech", **scores: float
) -> Recognition:
    """Return an answer whose tokens are its characters, spread over no time; see `Script`."""
    kept = tuple(
        TagScore("emotion" if name.isupper() else "language", name, score) for name, score in scores.items()
    )
    return Recognition(f"<|{language}|><|{emotion}|><|{event}|><|withitn|>{text}", scores=kept)


class Script:
    """Answers clips by what is heard in them; the characters of a text are spread over the clip.

    `at` gives the share of the clip at which a character stands where an even spread would not do.
    """

    def __init__(self, **answers: Recognition) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __call__(self, clip: np.ndarray, options: Options) -> Recognition:
        key = heard(clip)
        asked_in = f"{key}_{options.language}"
        self.asked.append(key if options.language == "auto" else asked_in)
        answer = self.answers.get(asked_in, self.answers[key])
        text = answer.raw.rsplit(">", 1)[-1]
        length_ms = len(clip) // 16
        step = length_ms / max(1, len(text))
        tokens = tuple((char, round(at * step), round((at + 1) * step)) for at, char in enumerate(text))
        return replace(answer, tokens=tokens)


def file_of(folder: Path, *parts: tuple[str, int]) -> Path:
    """Write tones by letter and silences by "-", each so many ms long."""
    return write_wav(
        folder / "a.wav",
        *(silence(ms) if letter == "-" else tone(ms, frequency_hz=HZ[letter]) for letter, ms in parts),
    )


def texts(segments: Sequence[Segment]) -> list[str]:
    return [segment.text for segment in segments]


TWO = (("a", 2_000), ("-", 300), ("b", 2_000), ("-", 500))
PAUSE = [(2_000, 2_300)]


def rows_of(folder: Path, script: Script, options: Options | None = None) -> tuple[Segment, ...]:
    recognizer = FakeRecognizer([(0, 4_300)], script, PAUSE)
    return transcribe(file_of(folder, *TWO), recognizer, options).segments


def test_pieces_in_different_moods_are_rows_of_their_own(tmp_path: Path) -> None:
    script = Script(a=said("这都第几天了？", emotion="ANGRY"), b=said("非常抱歉。"))
    first, second = rows_of(tmp_path, script)
    assert [(row.text, row.emotion) for row in (first, second)] == [
        ("这都第几天了？", "ANGRY"),
        ("非常抱歉。", "NEUTRAL"),
    ]
    assert (first.span, second.span) == (Span(0, 2_150), Span(2_150, 4_300))
    assert script.asked == ["a", "b"]


def test_a_sentence_with_a_pause_in_it_is_one_row_and_reads_as_one(tmp_path: Path) -> None:
    script = Script(
        a=said("我上周下的单。"), b=said("到现在还没发货。"), ab=said("我上周下的单，到现在还没发货。")
    )
    (row,) = rows_of(tmp_path, script)
    assert (row.text, row.span) == ("我上周下的单，到现在还没发货。", Span(0, 4_300))
    assert row.raw == "<|zh|><|NEUTRAL|><|Speech|><|withitn|>我上周下的单，到现在还没发货。"
    assert "".join(word.text for word in row.words) == row.text
    assert script.asked == ["a", "b", "ab"]
    assert [(piece.span, piece.language, piece.emotion) for piece in row.pieces] == [
        (Span(0, 2_150), "zh", "NEUTRAL"),
        (Span(2_150, 4_300), "zh", "NEUTRAL"),
    ]


def test_where_the_speaker_is_not_known_a_row_ends_with_its_sentence(tmp_path: Path) -> None:
    script = Script(a=said("我没收到。"), b=said("我查一下。"), ab=said("我没收到。我查一下。"))
    assert texts(rows_of(tmp_path, script)) == ["我没收到。", "我查一下。"]


@pytest.mark.parametrize("text", ["收到了吗？", "太好了！"])
def test_questions_and_exclamations_need_no_second_question(tmp_path: Path, text: str) -> None:
    script = Script(a=said(text), b=said("我查一下。"))
    assert texts(rows_of(tmp_path, script)) == [text, "我查一下。"]
    assert script.asked == ["a", "b"]


def test_a_comma_is_believed(tmp_path: Path) -> None:
    script = Script(a=said("我没收到，"), b=said("请查一下。"))
    assert texts(rows_of(tmp_path, script)) == ["我没收到，请查一下。"]
    assert script.asked == ["a", "b"]


def test_a_full_stop_is_believed_after_a_long_pause(tmp_path: Path) -> None:
    script = Script(a=said("我没收到。"), b=said("请查一下。"))
    parts = ("a", 2_000), ("-", 600), ("b", 2_000), ("-", 500)
    recognizer = FakeRecognizer([(0, 4_600)], script, [(2_000, 2_600)])
    assert texts(transcribe(file_of(tmp_path, *parts), recognizer).segments) == ["我没收到。", "请查一下。"]
    assert script.asked == ["a", "b"]


@pytest.mark.parametrize("lost", [said("我。"), Recognition("", error="out of memory"), said("")])
def test_what_is_lost_when_both_are_heard_together_is_kept_from_the_pieces(
    tmp_path: Path, lost: Recognition
) -> None:
    script = Script(a=said("我上周下的单。"), b=said("到现在还没发货。"), ab=lost)
    assert texts(rows_of(tmp_path, script)) == ["我上周下的单。", "到现在还没发货。"]


def test_spaces_stand_between_joined_texts_where_the_language_has_them(tmp_path: Path) -> None:
    script = Script(a=said("Well,", "en"), b=said("I see.", "en"))
    (row,) = rows_of(tmp_path, script)
    assert row.text == "Well, I see."
    assert row.raw.endswith("Well, I see.")


def test_without_punctuation_the_end_of_a_sentence_is_asked_for_all_the_same(tmp_path: Path) -> None:
    options = Options(use_itn=False)
    script = Script(a=said("我没收到"), b=said("请查一下"), ab=said("我没收到，请查一下。"))
    assert texts(rows_of(tmp_path, script, options)) == ["我没收到请查一下"]
    script.answers["ab"] = said("我没收到。请查一下。")
    assert texts(rows_of(tmp_path, script, options)) == ["我没收到", "请查一下"]


def test_without_punctuation_a_long_pause_ends_a_row(tmp_path: Path) -> None:
    script = Script(a=said("我没收到"), b=said("请查一下"))
    parts = ("a", 2_000), ("-", 700), ("b", 2_000), ("-", 500)
    recognizer = FakeRecognizer([(0, 4_700)], script, [(2_000, 2_700)])
    apart = transcribe(file_of(tmp_path, *parts), recognizer, Options(use_itn=False)).segments
    assert texts(apart) == ["我没收到", "请查一下"]


def test_a_short_answer_is_heard_with_its_neighbour_and_is_a_row_of_its_own(tmp_path: Path) -> None:
    parts = ("a", 2_000), ("-", 700), ("b", 400), ("-", 250), ("c", 2_000), ("-", 500)
    script = Script(a=said("你好。"), bc=said("嗯。我查一下。"))
    # The fake spreads characters evenly: the answer's two stand before the pause, as the pieces do.
    recognizer = FakeRecognizer([(0, 5_350)], script, [(2_000, 2_700), (3_100, 3_350)])
    rows = transcribe(file_of(tmp_path, *parts), recognizer).segments
    assert texts(rows) == ["你好。", "嗯。", "我查一下。"]
    assert [row.span.start_ms for row in rows] == [0, 2_550, 3_220]


def test_a_short_mood_in_the_middle_of_a_sentence_is_none(tmp_path: Path) -> None:
    parts = ("a", 1_000), ("-", 300), ("b", 2_500), ("-", 500)
    script = Script(
        a=said("您好。", emotion="SAD"), b=said("请问有什么事？"), ab=said("您好，请问有什么可以帮您呢？")
    )
    recognizer = FakeRecognizer([(0, 3_800)], script, [(1_000, 1_300)])
    (row,) = transcribe(file_of(tmp_path, *parts), recognizer).segments
    assert (row.text, row.emotion) == ("您好，请问有什么可以帮您呢？", "NEUTRAL")
    assert [piece.emotion for piece in row.pieces] == ["SAD", "NEUTRAL"]  # what was said first is kept


def test_a_short_mood_with_a_sentence_of_its_own_stays(tmp_path: Path) -> None:
    parts = ("a", 1_000), ("-", 300), ("b", 2_500), ("-", 500)
    script = Script(a=said("算了。", emotion="SAD"), b=said("我查一下吧。"), ab=said("算了。我查一下吧。"))
    recognizer = FakeRecognizer([(0, 3_800)], script, [(1_000, 1_300)])
    rows = transcribe(file_of(tmp_path, *parts), recognizer).segments
    assert [(row.text, row.emotion) for row in rows] == [("算了。", "SAD"), ("我查一下吧。", "NEUTRAL")]


def test_a_doubtful_language_is_heard_again(tmp_path: Path) -> None:
    parts = ("a", 2_000), ("-", 300), ("b", 1_000), ("-", 300), ("c", 2_000), ("-", 500)
    script = Script(
        a=said("你好吗？", zh=0.9),
        b=said("はい？", "ja", ja=0.5),
        b_zh=said("嗨？", zh=0.8),
        c=said("我查一下。", zh=0.9),
    )
    recognizer = FakeRecognizer([(0, 5_600)], script, [(2_000, 2_300), (3_300, 3_600)])
    rows = transcribe(file_of(tmp_path, *parts), recognizer).segments
    assert [(row.language, row.text) for row in rows] == [
        ("zh", "你好吗？"),
        ("zh", "嗨？"),
        ("zh", "我查一下。"),
    ]
    assert "b_zh" in script.asked


def test_a_piece_that_fails_costs_that_piece_only(tmp_path: Path) -> None:
    script = Script(a=Recognition("", error="out of memory"), b=said("我查一下。"))
    first, second = rows_of(tmp_path, script)
    assert (first.error, first.span, second.text) == ("out of memory", Span(0, 2_150), "我查一下。")


def test_a_piece_without_words_is_a_sound(tmp_path: Path) -> None:
    script = Script(a=said("", "nospeech", "EMO_UNKNOWN", "Laughter"), b=said("我查一下。"))
    first, second = rows_of(tmp_path, script)
    assert (first.kind, first.events[0].name, second.text) == ("sound", "Laughter", "我查一下。")


def test_events_of_all_pieces_are_in_the_row(tmp_path: Path) -> None:
    script = Script(a=said("我没收到，", event="BGM"), b=said("请查一下。"))
    (row,) = rows_of(tmp_path, script)
    assert [event.name for event in row.events] == ["BGM"]


def test_by_length_everything_is_as_it_was(tmp_path: Path) -> None:
    script = Script(ab=said("我没收到。我查一下。"))
    (row,) = rows_of(tmp_path, script, Options(merge="length"))
    assert (row.text, row.span, row.pieces) == ("我没收到。我查一下。", Span(0, 4_300), ())


def test_a_stretch_is_heard_again_in_the_same_way(tmp_path: Path) -> None:
    script = Script(a=said("我没收到。"), b=said("我查一下。"), ab=said("我没收到。我查一下。"))
    recognizer = FakeRecognizer([(0, 4_300)], script, PAUSE)
    file = file_of(tmp_path, ("-", 1_000), *TWO)
    rows = recognise_spans(file, [Span(1_000, 5_300)], recognizer, rejoin=True)
    assert [(row.text, row.span) for row in rows] == [
        ("我没收到。", Span(1_000, 3_150)),
        ("我查一下。", Span(3_150, 5_300)),
    ]
    assert [piece.span for row in rows for piece in row.pieces] == [row.span for row in rows]


class KnownSpeakers:
    """Says who speaks by the order of the pieces."""

    def __init__(self, *names: str | None) -> None:
        self.names = iter(names)

    def of_pieces(self, pieces: Sequence[Chunk]) -> list[str | None]:
        return [next(self.names) for _ in pieces]

    def divided(self, clip: Clip) -> list[Clip]:
        return [clip]


def chunks(*letters: str) -> Run:
    """Return pieces of two seconds with 300 ms between them."""
    lead = np.zeros(300 * 16, dtype=np.float32)
    return Run(
        tuple(
            Chunk("speech", Span(2_300 * at, 2_300 * at + 2_000), tone(2_000, frequency_hz=HZ[letter]), lead)
            for at, letter in enumerate(letters)
        )
    )


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("S1", "S1"), ["我没收到。我查一下。"]),
        (("S1", "S2"), ["我没收到。", "我查一下。"]),
        ((None, "S1"), ["我没收到。", "我查一下。"]),
    ],
)
def test_sentences_of_one_person_are_a_paragraph(names: tuple[str | None, str], expected: list[str]) -> None:
    script = Script(a=said("我没收到。"), b=said("我查一下。"), ab=said("我没收到。我查一下。"))
    maker = RowMaker(FakeRecognizer([], script), Options(), None, KnownSpeakers(*names))
    rows = [*maker.of([chunks("a", "b")]), *maker.finish()]
    assert texts(rows) == expected
    assert {row.speaker for row in rows} <= set(names)


def test_a_row_goes_on_from_one_run_to_the_next() -> None:
    script = Script(a=said("我上周下的单，"), b=said("到现在，"), c=said("还没发货。"))
    run = chunks("a", "b", "c")
    maker = RowMaker(FakeRecognizer([], script), Options(), None)
    first = list(maker.of([Run(run.chunks[:2], goes_on=True)]))
    rest = [*maker.of([Run(run.chunks[2:])]), *maker.finish()]
    assert (texts(first), texts(rest)) == ([], ["我上周下的单，到现在，还没发货。"])
