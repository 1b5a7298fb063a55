"""The tags of SenseVoice: every name of the released vocabulary, and how its text is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from sensevoice.tags import labels, parse
from sensevoice.tags.labels import TagKind
from sensevoice.transcript import Event, InlineTag

VOCABULARY = Path(__file__).parents[1].joinpath("golden/sensevoice_small_tags.txt").read_text("utf-8").split()
"""Every <|…|> piece of the vocabulary released with iic/SenseVoiceSmall, without its brackets."""


def test_every_tag_of_the_vocabulary_is_known_in_any_letter_case() -> None:
    assert len(VOCABULARY) == 171
    for name in VOCABULARY:
        assert labels.kind_of(name) is not TagKind.UNKNOWN
        assert labels.canonical(name.upper()) == labels.canonical(name.lower()) == name


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("yue", TagKind.LANGUAGE),
        ("zh/en", TagKind.LANGUAGE),
        ("nospeech", TagKind.LANGUAGE),
        ("EMO_UNKNOWN", TagKind.EMOTION),
        ("LAUGHTER", TagKind.EVENT),
        ("Event_UNK", TagKind.EVENT),
        ("withitn", TagKind.NORMALISATION),
        ("/BGM", TagKind.CONTROL),
        ("/cough", TagKind.CONTROL),
        ("SER", TagKind.CONTROL),
        ("special_token_35", TagKind.CONTROL),
        ("Burst_laughter", TagKind.UNKNOWN),
    ],
)
def test_kind(name: str, kind: TagKind) -> None:
    assert labels.kind_of(name) is kind


@pytest.mark.parametrize(
    ("name", "zh", "en"),
    [
        ("zh", "中文", "Chinese"),
        ("en", "英文", "English"),
        ("yue", "粤语", "Cantonese"),
        ("ja", "日文", "Japanese"),
        ("ko", "韩文", "Korean"),
        ("HAPPY", "开心", "happy"),
        ("SAD", "悲伤", "sad"),
        ("ANGRY", "愤怒", "angry"),
        ("FEARFUL", "恐惧", "fearful"),
        ("DISGUSTED", "厌恶", "disgusted"),
        ("SURPRISED", "惊讶", "surprised"),
        ("Laughter", "笑声", "laughter"),
        ("Applause", "掌声", "applause"),
        ("BGM", "背景音乐", "background music"),
        ("Cry", "哭声", "crying"),
        ("Sneeze", "喷嚏", "sneeze"),
        ("Breath", "呼吸声", "breath"),
        ("Cough", "咳嗽", "cough"),
        ("Sing", "歌声", "singing"),
        ("Speech_Noise", "噪声", "noise"),
    ],
)
def test_labels_of_what_is_heard(name: str, zh: str, en: str) -> None:
    assert (labels.label(name, "zh"), labels.label(name, "en")) == (zh, en)


def test_every_language_has_a_name_for_both_readers() -> None:
    languages = VOCABULARY[: VOCABULARY.index("ASR")]
    for language in ("zh", "en"):
        names = [labels.label(name, language) for name in languages]
        assert all(names)
        assert len(set(names)) == len(languages)
    assert labels.label("de", "zh") == "德语"
    assert labels.label("jw", "en") == "Javanese"
    assert labels.label("ht", "en") == "Haitian Creole"


def test_trends() -> None:
    assert labels.label("BGM", "zh", "rising") == "背景音乐渐强"
    assert labels.label("BGM", "zh", "falling") == "背景音乐渐弱"
    assert labels.label("BGM", "en", "rising") == "background music, growing louder"
    assert labels.label("BGM", "en", "falling") == "background music, growing softer"


@pytest.mark.parametrize(
    "name",
    [
        "NEUTRAL",
        "EMO_UNKNOWN",
        "OTHER",
        "Speech",
        "Event_UNK",
        "GBG",
        "nospeech",
        "/BGM",
        "/Speech",
        "withitn",
        "woitn",
        "ASR",
        "SPECIAL_TOKEN_1",
        "Burst_laughter",
    ],
)
def test_what_is_never_shown_has_no_label(name: str) -> None:
    assert labels.label(name, "zh") == labels.label(name, "en") == ""


def test_head_tags_describe_the_whole_clip() -> None:
    assert parse.parse("<|zh|><|HAPPY|><|BGM|><|withitn|>好的，我马上为您处理！") == parse.TaggedText(
        "好的，我马上为您处理！", "zh", "HAPPY", (Event("BGM"),), ()
    )


def test_plain_and_unnamed_sounds_are_no_events() -> None:
    for name in ("Speech", "Event_UNK", "GBG", "/Laughter"):
        assert parse.parse(f"<|en|><|NEUTRAL|><|{name}|><|woitn|>yes") == parse.TaggedText(
            "yes", "en", "NEUTRAL", (), ()
        )


def test_a_clip_without_speech() -> None:
    assert parse.parse("<|nospeech|><|EMO_UNKNOWN|><|Applause|><|woitn|>") == parse.TaggedText(
        "", "nospeech", "EMO_UNKNOWN", (Event("Applause"),), ()
    )


def test_tags_inside_the_text_keep_their_place() -> None:
    parsed = parse.parse("<|zh|>你好<|HAPPY|>今天天气真好<|LAUGHTER|><|BGM|>欢迎收听我们的节目")
    assert parsed.text == "你好今天天气真好欢迎收听我们的节目"
    assert parsed.events == (Event("Laughter", offset=8), Event("BGM", offset=8))
    assert parsed.inline == (InlineTag("HAPPY", 2),)
    assert parsed.emotion == "HAPPY"


def test_an_unknown_tag_is_kept_out_of_the_text() -> None:
    parsed = parse.parse("<|en|>well<|Burst_laughter|> then<|/BGM|>")
    assert parsed.text == "well then"
    assert parsed.inline == (InlineTag("Burst_laughter", 4),)
    assert parsed.events == ()


def test_of_two_head_tags_the_first_counts() -> None:
    parsed = parse.parse("<|zh|><|en|><|SAD|><|HAPPY|><|Laughter|><|Laughter|><|Odd|>好")
    assert (parsed.language, parsed.emotion) == ("zh", "SAD")
    assert parsed.inline == (InlineTag("en", 0), InlineTag("HAPPY", 0), InlineTag("Odd", 0))
    assert parsed.events == (Event("Laughter"),)


def test_the_same_head_tag_twice_says_it_once() -> None:
    parsed = parse.parse("<|zh|><|zh|><|SAD|><|SAD|>好")
    assert (parsed.language, parsed.emotion, parsed.inline) == ("zh", "SAD", ())


def test_without_an_emotion_in_the_head_the_first_telling_one_counts() -> None:
    assert parse.parse("<|zh|>一<|NEUTRAL|>二<|ANGRY|>三<|SAD|>四").emotion == "ANGRY"
    assert parse.parse("<|zh|>一<|NEUTRAL|>二").emotion == ""
    assert parse.parse("<|zh|><|NEUTRAL|>一<|ANGRY|>二").emotion == "NEUTRAL"


def test_a_head_emotion_that_comes_back_is_told_from_one_inside_only() -> None:
    inside = parse.parse("<|zh|>一<|HAPPY|>二")
    both = parse.parse("<|zh|><|HAPPY|>一<|HAPPY|>二")
    assert inside.inline == (InlineTag("HAPPY", 1),)
    assert both.inline == (InlineTag("HAPPY", 0), InlineTag("HAPPY", 1))


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("hello <|LAUGHTER|> world", "hello world"),
        ("hello<|LAUGHTER|>world", "hello world"),
        ("hello <|LAUGHTER|>world", "hello world"),
        ("hello<|LAUGHTER|> world", "hello world"),
        ("hello <|HAPPY|> <|LAUGHTER|> world", "hello world"),
        ("Hello.<|LAUGHTER|>World", "Hello. World"),
        ("hello<|LAUGHTER|>, world", "hello, world"),
        ("hello <|LAUGHTER|> .", "hello."),
        ("你好 <|HAPPY|> 世界", "你好世界"),
        ("你好，<|HAPPY|>世界", "你好，世界"),
        ("我用<|HAPPY|>Python", "我用Python"),
        ("我用 <|HAPPY|> Python", "我用 Python"),
        ("안녕 <|HAPPY|> 하세요", "안녕 하세요"),
        ("안녕<|HAPPY|>하세요", "안녕하세요"),
        ("  two   words \n", "two words"),
        ("it<|HAPPY|>'s", "it's"),
        ("a <| b", "a <| b"),
        ("a<||>b", "a b"),
        ("<| ZH |>好", "好"),
        ("", ""),
    ],
)
def test_text_around_a_removed_tag(raw: str, text: str) -> None:
    assert parse.parse(raw).text == text


def test_a_trailing_tag_stands_at_the_end_of_the_text() -> None:
    parsed = parse.parse("<|en|>bye <|Laughter|> ")
    assert (parsed.text, parsed.events) == ("bye", (Event("Laughter", offset=3),))


@pytest.mark.parametrize("name", [*VOCABULARY, "Burst_laughter"])
def test_no_tag_ever_shows_in_the_text(name: str) -> None:
    assert parse.parse(f"<|{name}|>one <|{name.lower()}|> two<|{name}|>").text == "one two"


@pytest.mark.parametrize(
    ("left", "right", "between"),
    [
        ("Well,", "I see.", " "),
        ("네.", "맞아요.", " "),
        ("好的。", "我来。", ""),
        ("はい。", "そうです。", ""),
        ("", "I see.", ""),
        ("I see.", "", ""),
    ],
)
def test_between_two_texts_stands_a_space_where_the_language_has_one(
    left: str, right: str, between: str
) -> None:
    assert parse.space_between(left, right) == between
