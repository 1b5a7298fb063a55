"""When the model is asked a second time, and what becomes of the two answers."""

from __future__ import annotations

import numpy as np
import pytest

from sensevoice.errors import OptionError
from sensevoice.options import Options
from sensevoice.protocols import Recognition
from sensevoice.recognise.second_pass import recognise_with_fallbacks, with_marks_of
from sensevoice.transcript import TagScore
from tests.fakes import FakeRecognizer, tone

CLIP = tone(500)


def scored(raw: str, **scores: float) -> Recognition:
    return Recognition(raw, scores=tuple(TagScore("language", name, score) for name, score in scores.items()))


def by_language(clip: np.ndarray, options: Options) -> Recognition:
    if options.language == "auto":
        return scored("<|ko|><|NEUTRAL|><|Speech|><|withitn|>안녕", ko=0.6, yue=0.1, zh=0.2, en=0.05)
    return scored(f"<|{options.language}|><|NEUTRAL|><|Speech|><|withitn|>{options.language}")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (Options(), "안녕"),
        (Options(among=("ko", "en")), "안녕"),
        (Options(among=("en", "yue")), "yue"),
        (Options(among=("en", "zh", "yue")), "zh"),
        (Options(language="ja", among=("en",)), "ja"),
    ],
)
def test_a_language_that_cannot_occur_is_asked_again_as_the_likeliest_that_can(
    options: Options, text: str
) -> None:
    recognizer = FakeRecognizer([], by_language)
    (answer,) = recognise_with_fallbacks(recognizer, [CLIP], options)
    assert answer.raw.endswith(text)


def test_silence_and_failures_are_not_asked_again() -> None:
    answers = iter(
        [Recognition("<|nospeech|><|EMO_UNKNOWN|><|BGM|><|withitn|>"), Recognition("", error="no")]
    )
    recognizer = FakeRecognizer([], lambda clip, options: next(answers))
    assert len(list(recognise_with_fallbacks(recognizer, [CLIP, CLIP], Options(among=("en",))))) == 2


def tokens(*pieces: str) -> tuple[tuple[str, int, int], ...]:
    return tuple((piece, 100 * number, 100 * number + 90) for number, piece in enumerate(pieces))


HEAD = "<|zh|><|NEUTRAL|><|Speech|><|withitn|>"


@pytest.mark.parametrize(
    ("spoken", "written", "expected"),
    [
        (
            ("今", "天", "是", "二", "零", "二", "六", "年", "对", "吗"),
            ("今", "天", "是", "2026", "年", ",", "对", "吗", "？"),
            "今天是二零二六年,对吗？",
        ),
        (
            ("▁it", "▁is", "▁three", "▁point", "▁five"),
            ("▁It", "▁is", "▁3", ".", "5", "."),
            "It is three point five.",
        ),
        (("一", "千", "块"), ("1", ",", "000", "块", "。"), "一千块。"),
        (("好",), ("好",), "好"),
        (
            ("今", "天", "三", "个", "人", "来", "了"),
            ("今", "天", "，", "3", "个", "人", "来", "了", "。"),
            "今天，三个人来了。",
        ),
        (
            ("好", "的", "二", "十", "分", "钟", "后", "见"),
            ("好", "的", "。", "20", "分", "钟", "后", "见", "！"),
            "好的。二十分钟后见！",
        ),
        (("▁yes", "▁three", "▁people"), ("▁Yes", ",", "▁3", "▁people", "."), "Yes, three people."),
    ],
)
def test_words_as_spoken_with_the_marks_of_the_written_form(
    spoken: tuple[str, ...], written: tuple[str, ...], expected: str
) -> None:
    plain = Recognition(HEAD.replace("with", "wo") + "x", tokens(*spoken))
    both = with_marks_of(plain, Recognition(HEAD + "x", tokens(*written)))
    assert both.raw == HEAD + expected
    assert "".join(piece for piece, *_ in both.tokens).replace("▁", " ").strip() == expected
    starts = [start_ms for _, start_ms, _ in both.tokens]
    assert starts == sorted(starts)


def test_numbers_are_asked_for_only_when_wanted() -> None:
    def answer(clip: np.ndarray, options: Options) -> Recognition:
        return Recognition(HEAD, tokens("2", "点") if options.use_itn else tokens("两", "点"))

    recognizer = FakeRecognizer([], answer)
    wanted = [Options(), Options(keep_numbers=True), Options(keep_numbers=True, use_itn=False)]
    raws = [next(recognise_with_fallbacks(recognizer, [CLIP], options)).raw for options in wanted]
    assert raws == [HEAD, HEAD + "两点", HEAD]


def test_second_questions_are_asked_for_all_clips_together() -> None:
    """On a GPU one clip takes as long as many."""

    def answer(clip: np.ndarray, options: Options) -> Recognition:
        language = "ja" if len(clip) == 1600 and options.language == "auto" else "zh"
        head = HEAD.replace("zh", language)
        return Recognition(head + "2点", tokens("2", "点") if options.use_itn else tokens("两", "点"))

    recognizer = FakeRecognizer([], answer)
    clips = [np.zeros(length, np.float32) for length in (1600, 3200, 1600, 4800)]
    asked = Options(among=("zh", "en"), keep_numbers=True)
    raws = [each.raw for each in recognise_with_fallbacks(recognizer, clips, asked)]
    assert raws == [HEAD + "两点"] * 4
    assert recognizer.batches == [4, 2, 2, 2]


def test_among_takes_only_languages() -> None:
    assert Options(among=["en", "zh"]).among == ("zh", "en")  # type: ignore[arg-type]
    for wrong in ("zh", ("auto",), ("xx",)):
        with pytest.raises(OptionError, match="among"):
            Options(among=wrong)  # type: ignore[arg-type]


def test_an_answer_is_not_lost_when_the_second_question_fails() -> None:
    def answer(clip: np.ndarray, options: Options) -> Recognition:
        return (
            by_language(clip, options) if options.language == "auto" else Recognition("", error="no memory")
        )

    (result,) = recognise_with_fallbacks(FakeRecognizer([], answer), [CLIP], Options(among=("en",)))
    assert result.raw.endswith("안녕") and result.error is None
